package words

// Packages is the page on which the library leaves the box and packages come in.
type Packages struct {
	Title, Text               string
	Out, OutText              string
	Embedded, EmbeddedText    string
	Referenced, ReferencedSay string
	License, LicenseHint      string
	Export                    string
	Signer                    string
	Plain, PlainText, PlainDo string
	In, InText                string
	File, Import              string
	Sending                   string
	NoFile, Busy              string
	Refused                   map[string]string // by code
	Unread                    string            // the upload ended early
	Full                      string
	Taken                     string
	Last                      string
	Running, Waiting          string
	Done, Stopped, Failed     string
	Of                        string // %s of %s documents
	Added, Known, Left        Plural
	Signed, Own, Unsigned     string // Signed: %s: the key
	Stop                      string
	Notes                     string
}

func englishPackages() Packages {
	return Packages{
		Title: "Export and import",
		Text:  "Your library is yours: it can leave in a form that other programs read, and packages from elsewhere can come in.",
		Out:   "As a package", OutText: "One file in the open format CCX 3.0, with every document, its text and where each passage lies in it, signed by this box so that a change shows. Put into another Coffer, it becomes the same library.",
		Embedded: "With the originals", EmbeddedText: "Whole, and as large as your documents.",
		Referenced: "Without the originals", ReferencedSay: "Small: the texts, and what the originals were.",
		License: "Licence", LicenseHint: "An SPDX identifier such as CC-BY-4.0, for packages that you pass on. Left empty, nothing is said.",
		Export: "Download the package", Signer: "Signed by",
		Plain: "As plain files", PlainText: "A ZIP with every original under its own name, its text, and a list in JSON. Nothing is needed to read it. It is not encrypted, and no backup: settings and keys are not in it.",
		PlainDo: "Download the files",
		In:      "Take a package in", InText: "A package (.ccx) is read and checked as a whole before anything of it is added. One that was changed after it was made, or that wants something fetched from elsewhere, is refused. Documents that the box has are left as they are.",
		File: "Package", Import: "Add what is in it", Sending: "The package is being sent and checked …",
		NoFile: "Choose a package.", Busy: "Another package is being added. Wait until it is done, or stop it.",
		Refused: map[string]string{
			"not_a_package":  "This is no CCX package. Nothing was added.",
			"unsafe":         "This package is refused as unsafe: what is in it leads out of it, or is larger than it may be. Nothing was added.",
			"manifest":       "The manifest of this package is not as the format has it. Nothing was added.",
			"version":        "This package is of another version of CCX; Coffer reads version 3. Nothing was added.",
			"missing":        "Something that this package declares is not in it. Nothing was added; get it again from where it was made.",
			"changed":        "Something in this package is not what its manifest says: it was changed or damaged. Nothing was added; get it again from where it was made.",
			"remote_context": "This package wants something fetched from elsewhere, which a package must not. Nothing was added.",
			"signature":      "The signature of this package does not hold: it was changed after it was signed. Nothing was added.",
			"graph":          "A graph of this package cannot be read. Nothing was added.",
		},
		Unread: "The upload ended early. Nothing was added; send it again.",
		Full:   "The disk is full. A package needs three times its size for a while. Nothing was added.",
		Taken:  "The package is whole. Its documents are being added.",
		Last:   "The last package", Running: "being added", Waiting: "waits for room on the disk",
		Done: "added", Stopped: "stopped; what had been added stays", Failed: "not added to its end; the log of the API says why",
		Of: "%s of %s documents", Added: Plural{"one added", "%s added"}, Known: Plural{"one known already", "%s known already"}, Left: Plural{"one left out", "%s left out"},
		Signed: "signed by %s", Own: "signed by this box", Unsigned: "not signed", Stop: "Stop", Notes: "What was left out",
	}
}

func germanPackages() Packages {
	return Packages{
		Title: "Ausfuhr und Einfuhr",
		Text:  "Deine Bibliothek gehört dir: Sie kann in einer Form hinaus, die andere Programme lesen, und Pakete von anderswo können herein.",
		Out:   "Als Paket", OutText: "Eine Datei im offenen Format CCX 3.0 mit jedem Dokument, seinem Text und der Lage jedes Abschnitts darin, von dieser Box signiert, sodass eine Änderung auffällt. In einem anderen Coffer wird daraus dieselbe Bibliothek.",
		Embedded: "Mit den Originalen", EmbeddedText: "Vollständig, und so groß wie deine Dokumente.",
		Referenced: "Ohne die Originale", ReferencedSay: "Klein: die Texte, und was die Originale waren.",
		License: "Lizenz", LicenseHint: "Eine SPDX-Kennung wie CC-BY-4.0, für Pakete, die du weitergibst. Leer gelassen wird nichts dazu gesagt.",
		Export: "Paket herunterladen", Signer: "Signiert von",
		Plain: "Als einfache Dateien", PlainText: "Ein ZIP mit jedem Original unter seinem Namen, seinem Text und einer Liste in JSON. Zum Lesen braucht es nichts weiter. Es ist nicht verschlüsselt und keine Sicherung: Einstellungen und Schlüssel sind nicht dabei.",
		PlainDo: "Dateien herunterladen",
		In:      "Ein Paket hereinnehmen", InText: "Ein Paket (.ccx) wird ganz gelesen und geprüft, bevor etwas daraus hinzukommt. Eines, das nachträglich geändert wurde oder etwas von anderswo holen will, wird abgelehnt. Dokumente, die die Box schon hat, bleiben, wie sie sind.",
		File: "Paket", Import: "Inhalt hinzufügen", Sending: "Das Paket wird gesendet und geprüft …",
		NoFile: "Wähle ein Paket.", Busy: "Ein anderes Paket wird gerade hinzugefügt. Warte, bis es fertig ist, oder halte es an.",
		Refused: map[string]string{
			"not_a_package":  "Das ist kein CCX-Paket. Nichts wurde hinzugefügt.",
			"unsafe":         "Dieses Paket wird als unsicher abgelehnt: Etwas darin führt hinaus oder ist größer, als es sein darf. Nichts wurde hinzugefügt.",
			"manifest":       "Das Verzeichnis dieses Pakets entspricht nicht dem Format. Nichts wurde hinzugefügt.",
			"version":        "Dieses Paket hat eine andere Version von CCX; Coffer liest Version 3. Nichts wurde hinzugefügt.",
			"missing":        "Etwas, das dieses Paket angibt, fehlt darin. Nichts wurde hinzugefügt; hole es noch einmal von dort, wo es entstand.",
			"changed":        "Etwas in diesem Paket ist nicht, was sein Verzeichnis sagt: Es wurde geändert oder beschädigt. Nichts wurde hinzugefügt; hole es noch einmal von dort, wo es entstand.",
			"remote_context": "Dieses Paket will etwas von anderswo holen, was ein Paket nicht darf. Nichts wurde hinzugefügt.",
			"signature":      "Die Signatur dieses Pakets stimmt nicht: Es wurde nach dem Signieren geändert. Nichts wurde hinzugefügt.",
			"graph":          "Ein Graph dieses Pakets ist nicht lesbar. Nichts wurde hinzugefügt.",
		},
		Unread: "Die Übertragung brach ab. Nichts wurde hinzugefügt; sende es noch einmal.",
		Full:   "Die Platte ist voll. Ein Paket braucht eine Zeit lang das Dreifache seiner Größe. Nichts wurde hinzugefügt.",
		Taken:  "Das Paket ist unversehrt. Seine Dokumente kommen jetzt hinzu.",
		Last:   "Das letzte Paket", Running: "kommt hinzu", Waiting: "wartet auf Platz auf der Platte",
		Done: "hinzugefügt", Stopped: "angehalten; was schon hinzukam, bleibt", Failed: "nicht bis zum Ende hinzugefügt; das Protokoll der API sagt warum",
		Of: "%s von %s Dokumenten", Added: Plural{"eines hinzugefügt", "%s hinzugefügt"}, Known: Plural{"eines schon bekannt", "%s schon bekannt"}, Left: Plural{"eines ausgelassen", "%s ausgelassen"},
		Signed: "signiert von %s", Own: "von dieser Box signiert", Unsigned: "nicht signiert", Stop: "Anhalten", Notes: "Was ausgelassen wurde",
	}
}
