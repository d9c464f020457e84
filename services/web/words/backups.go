package words

// Backups is the page of backups.
type Backups struct {
	Title, Text                 string
	All, None                   string
	Never, Next                 string // %s: when
	Unset                       string
	Running, Proving, Unproven  string
	Proven                      string // %s: when
	Failed                      string // %s: why
	Originals                   Plural // that were missing
	Sources                     Plural
	Scheduled, Asked            string
	ByKey, ByPassphrase         string
	Download, Prove, Delete     string
	DownloadOne, ProveOne       string // %s: when it was made
	DeleteOne, RestoreOne       string // %s: when it was made
	DeleteMeans, DeleteNow      string
	Keep                        string
	ProveText, Passphrase       string
	Make, MakeText, MakeNow     string
	WithPassphrase              string
	PassphraseHint              string
	Key, KeyText, KeySet        string
	KeyMake, KeyReplace         string
	KeyReplaceText              string
	KeyMade, KeyMadeText        string
	KeyFile, KeyCopy, KeyCopied string
	KeyBack, KeyBackHint        string
	KeyConfirm                  string
	KeyTaken, Begun, Deleted    string
	BadKey, Short, Wrong, Busy  string
	NoKey                       string
	Interrupted, Full, Damaged  string // why one failed
	NoSecrets, Unreadable       string
	Free                        string // %s: a size
}

// BackupReason is why a backup failed; a code without words shows the message.
func (w *Words) BackupReason(code, message string) string {
	b := w.Backups
	switch code {
	case "interrupted":
		return b.Interrupted
	case "disk_full":
		return b.Full
	case "damaged":
		return b.Damaged
	case "secrets":
		return b.NoSecrets
	case "record":
		return b.Unreadable
	}
	return message
}

func englishBackups() Backups {
	return Backups{
		Title: "Backups",
		Text: "A backup is one sealed file with everything in it: documents, text, settings, keys and certificates. It is made while the box works, " +
			"then opened again and compared, so that you know it can be used. Keep copies of it on another machine.",
		All: "All backups", None: "There is no backup yet.",
		Never: "Nothing is made unasked until there is a recovery key.", Next: "One is made every day; the next %s.",
		Unset:   "There is no recovery key yet",
		Running: "being made", Proving: "being opened again", Unproven: "written, not yet opened again",
		Proven: "opened again and compared %s", Failed: "failed: %s",
		Originals: Plural{"One original was missing or damaged on the disk and is not in it.", "%s originals were missing or damaged on the disk and are not in it."},
		Sources:   Plural{"one source", "%s sources"},
		Scheduled: "planned", Asked: "asked for",
		ByKey: "opens with the recovery key", ByPassphrase: "opens with its passphrase",
		Download: "Download", Prove: "Open again", Delete: "Delete",
		DownloadOne: "Download the backup of %s", ProveOne: "Open again: the backup of %s", DeleteOne: "Delete the backup of %s?", RestoreOne: "Restore the backup of %s",
		DeleteMeans: "The file is removed from the box. Copies elsewhere stay.", DeleteNow: "Delete it", Keep: "Keep it",
		ProveText: "It is opened, every byte is checked, and its library is restored into a scratch copy and compared.", Passphrase: "Passphrase",
		Make: "Make a backup now", MakeText: "It is sealed to your recovery key. Nothing stops meanwhile.", MakeNow: "Make a backup",
		WithPassphrase: "With a passphrase instead",
		PassphraseHint: "At least 12 characters; four words or more. Without it nobody can open the file, not even the box.",
		Key:            "Recovery key", KeyText: "The recovery key is what opens your backups on any machine. The box keeps only the half that seals.",
		KeySet: "Backups are sealed to", KeyMake: "Make a recovery key", KeyReplace: "Replace it",
		KeyReplaceText: "Backups that exist stay sealed to the old key, so keep that, too.",
		KeyMade:        "Your recovery key", KeyMadeText: "Store it outside of this box now: in a password manager, or on paper. It is shown this once, and without it your backups cannot be opened.",
		KeyFile: "Download it", KeyCopy: "Copy", KeyCopied: "Copied",
		KeyBack: "Enter it from where you stored it", KeyBackHint: "It begins with AGE-SECRET-KEY-1. Only then is it used.", KeyConfirm: "Use this key",
		KeyTaken: "The recovery key is set. The first backup begins within a minute.", Begun: "The backup has begun.", Deleted: "The backup is deleted.",
		BadKey: "This is not a recovery key. Paste all 74 characters of it.", Short: "The passphrase is too short: take at least 12 characters.",
		Wrong: "This passphrase does not open the backup.", Busy: "Another backup is being made or opened. Try again when it is done.",
		NoKey:       "There is no recovery key yet. Make one, or give a passphrase.",
		Interrupted: "the box stopped meanwhile", Full: "the disk is full; free some space or delete old backups", Damaged: "the file is damaged; make a new one",
		NoSecrets: "the secrets of the box could not be put in", Unreadable: "what was noted of it cannot be read",
		Free: "%s free on the volume",
	}
}

func germanBackups() Backups {
	return Backups{
		Title: "Sicherungen",
		Text: "Eine Sicherung ist eine versiegelte Datei mit allem: Dokumente, Text, Einstellungen, Schlüssel und Zertifikate. Sie entsteht, während die Box arbeitet, " +
			"wird dann wieder geöffnet und verglichen, damit du weißt, dass sie taugt. Bewahre Kopien auf einem anderen Gerät auf.",
		All: "Alle Sicherungen", None: "Es gibt noch keine Sicherung.",
		Never: "Ohne Wiederherstellungsschlüssel entsteht nichts von selbst.", Next: "Jeden Tag entsteht eine; die nächste %s.",
		Unset:   "Es gibt noch keinen Wiederherstellungsschlüssel",
		Running: "entsteht", Proving: "wird wieder geöffnet", Unproven: "geschrieben, noch nicht wieder geöffnet",
		Proven: "wieder geöffnet und verglichen %s", Failed: "fehlgeschlagen: %s",
		Originals: Plural{"Ein Original fehlte auf der Platte oder war beschädigt und ist nicht dabei.", "%s Originale fehlten auf der Platte oder waren beschädigt und sind nicht dabei."},
		Sources:   Plural{"eine Quelle", "%s Quellen"},
		Scheduled: "nach Plan", Asked: "angefordert",
		ByKey: "öffnet sich mit dem Wiederherstellungsschlüssel", ByPassphrase: "öffnet sich mit ihrer Passphrase",
		Download: "Herunterladen", Prove: "Wieder öffnen", Delete: "Löschen",
		DownloadOne: "Sicherung vom %s herunterladen", ProveOne: "Wieder öffnen: Sicherung vom %s", DeleteOne: "Sicherung vom %s löschen?", RestoreOne: "Sicherung vom %s zurückspielen",
		DeleteMeans: "Die Datei wird von der Box entfernt. Kopien anderswo bleiben.", DeleteNow: "Löschen", Keep: "Behalten",
		ProveText: "Sie wird geöffnet, jedes Byte geprüft und ihre Bibliothek probeweise wiederhergestellt und verglichen.", Passphrase: "Passphrase",
		Make: "Jetzt sichern", MakeText: "Die Sicherung wird für deinen Wiederherstellungsschlüssel versiegelt. Nichts steht dabei still.", MakeNow: "Sicherung anlegen",
		WithPassphrase: "Stattdessen mit einer Passphrase",
		PassphraseHint: "Mindestens 12 Zeichen; vier Wörter oder mehr. Ohne sie kann niemand die Datei öffnen, auch die Box nicht.",
		Key:            "Wiederherstellungsschlüssel", KeyText: "Der Wiederherstellungsschlüssel öffnet deine Sicherungen auf jedem Gerät. Die Box behält nur die Hälfte, die versiegelt.",
		KeySet: "Sicherungen sind versiegelt für", KeyMake: "Wiederherstellungsschlüssel anlegen", KeyReplace: "Ersetzen",
		KeyReplaceText: "Vorhandene Sicherungen bleiben für den alten Schlüssel versiegelt, behalte also auch den.",
		KeyMade:        "Dein Wiederherstellungsschlüssel", KeyMadeText: "Bewahre ihn jetzt außerhalb dieser Box auf: im Passwortmanager oder auf Papier. Er wird nur dieses eine Mal gezeigt, und ohne ihn öffnet sich keine Sicherung.",
		KeyFile: "Herunterladen", KeyCopy: "Kopieren", KeyCopied: "Kopiert",
		KeyBack: "Gib ihn von dort ein, wo du ihn aufbewahrst", KeyBackHint: "Er beginnt mit AGE-SECRET-KEY-1. Erst dann wird er benutzt.", KeyConfirm: "Diesen Schlüssel benutzen",
		KeyTaken: "Der Wiederherstellungsschlüssel ist gesetzt. Die erste Sicherung beginnt in einer Minute.", Begun: "Die Sicherung hat begonnen.", Deleted: "Die Sicherung ist gelöscht.",
		BadKey: "Das ist kein Wiederherstellungsschlüssel. Füge alle 74 Zeichen ein.", Short: "Die Passphrase ist zu kurz: nimm mindestens 12 Zeichen.",
		Wrong: "Diese Passphrase öffnet die Sicherung nicht.", Busy: "Eine andere Sicherung entsteht gerade oder wird geöffnet. Versuche es danach noch einmal.",
		NoKey:       "Es gibt noch keinen Wiederherstellungsschlüssel. Lege einen an oder gib eine Passphrase ein.",
		Interrupted: "die Box hielt währenddessen an", Full: "die Platte ist voll; schaffe Platz oder lösche alte Sicherungen", Damaged: "die Datei ist beschädigt; lege eine neue an",
		NoSecrets: "die Geheimnisse der Box konnten nicht hineingelegt werden", Unreadable: "was darüber notiert war, ist nicht lesbar",
		Free: "%s frei auf dem Datenträger",
	}
}
