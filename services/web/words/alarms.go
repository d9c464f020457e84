package words

// Alarms are the lines above every page.
type Alarms struct {
	Label                           string
	DiskFull, DiskLow               string // %s: a size
	BackupFailed, CopyFailed        string // %s: why
	BackupOverdue, NeverProven      string // Overdue: %s: when
	Expired, Expires, Untaken       string // %s: when; Untaken: why
	ToBackups, ToHTTPS, ToDocuments string
}

func englishAlarms() Alarms {
	return Alarms{
		Label:         "Needs you",
		DiskFull:      "The disk is full: %s are free. Nothing can be added; what is there can be read and deleted. Free some space on the volume.",
		DiskLow:       "The disk is nearly full: %s are free. Free some space on the volume before nothing can be added.",
		BackupFailed:  "The last backup failed: %s.",
		CopyFailed:    "The last backup is on this machine only: %s",
		BackupOverdue: "No backup has been proven since %s.", NeverProven: "No backup has ever been proven.",
		Expired: "The certificate ended %s. Browsers refuse to open the box over HTTPS.", Expires: "The certificate ends %s.",
		Untaken:   "The certificate that should be presented is not: %s",
		ToBackups: "Backups", ToHTTPS: "HTTPS", ToDocuments: "Library",
	}
}

func germanAlarms() Alarms {
	return Alarms{
		Label:         "Braucht dich",
		DiskFull:      "Die Platte ist voll: %s sind frei. Nichts kann hinzukommen; was da ist, lässt sich lesen und löschen. Schaffe Platz auf dem Datenträger.",
		DiskLow:       "Die Platte ist fast voll: %s sind frei. Schaffe Platz auf dem Datenträger, bevor nichts mehr hinzukommen kann.",
		BackupFailed:  "Die letzte Sicherung ist fehlgeschlagen: %s.",
		CopyFailed:    "Die letzte Sicherung liegt nur auf diesem Rechner: %s",
		BackupOverdue: "Seit %s wurde keine Sicherung mehr geprüft.", NeverProven: "Noch nie wurde eine Sicherung geprüft.",
		Expired: "Das Zertifikat endete %s. Browser weigern sich, die Box über HTTPS zu öffnen.", Expires: "Das Zertifikat endet %s.",
		Untaken:   "Das Zertifikat, das gezeigt werden sollte, wird es nicht: %s",
		ToBackups: "Sicherungen", ToHTTPS: "HTTPS", ToDocuments: "Bibliothek",
	}
}
