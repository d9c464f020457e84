package words

// Diagnostics is the page of the file to give away to be helped.
type Diagnostics struct {
	Title, Text      string
	In, Sentence     string // Sentence: %s: Files, %s: Removed
	Files, Removed   Plural
	Took             string            // before Rules and how often each struck
	Rules            map[string]string // by the names of package diagnostics
	Missing          string
	Download, Held   string
	First, Again     string
	Make, MakeText   string
	Gone             string
	NeverTitle       string
	Never            [6]Absent
	Command          string
	Button, BoxTitle string // on the page of the box
	BoxText          string
}

// Absent is something that is never in the file.
type Absent struct{ What, Why string }

// NeverWords are what package diagnostics calls Never, in its order.
func (Diagnostics) NeverWords() []string {
	return []string{"documents", "searches", "secrets", "names", "memory", "old logs"}
}

func englishDiagnostics() Diagnostics {
	return Diagnostics{
		Title: "Diagnostics", Text: "A file that you can send to whoever helps you. It says how the box is and nothing of what is in it. See what is in it before you download it.",
		In: "What is in it", Sentence: "%s. %s.", Files: Plural{"%s file", "%s files"}, Removed: Plural{"%s place was blotted out or renamed", "%s places were blotted out or renamed"},
		Took: "Removed:", Rules: map[string]string{
			"known-secret": "secret of the box", "known-secret-base64": "secret of the box in base64", "known-secret-hex": "secret of the box in hex", "known-secret-bytes": "secret of the box, byte by byte",
			"assignment": "value with a telling name", "quoted-secret": "secret in a sentence", "cookie": "cookie", "authorization": "sign-in in a header", "url-userinfo": "sign-in in an address",
			"query": "query of an address", "pem": "PEM block", "age-key": "age key", "jwt": "signed token", "provider-key": "key of a service", "flag": "option of a command", "element": "XML element",
			"url-encoded": "encoded for an address", "hex": "long hex", "encoded-lines": "encoded lines", "base64": "base64", "base32": "base32", "entropy": "random characters", "code-groups": "recovery code",
			"content": "title, file name or search", "long-line": "very long line", "name-address": "address, renamed", "name-host": "host, renamed", "name-user": "user, renamed", "name-path": "part of a path, renamed", "name-id": "id, renamed",
		},
		Missing: "Left out this time", Download: "Download", Held: "The box holds this file for ten minutes, in memory only. What you download is what you see here. A rule can remove too much; and no rule knows a secret that looks like any word.",
		First: "Make the file", Again: "Make it anew", Make: "Make it and show what is in it",
		MakeText: "It is searched for every secret of the box, and once more when it is finished. Where anything is found, there is no file.",
		Gone:     "That file is no longer held. Make it anew.", NeverTitle: "What is never in it",
		Never: [6]Absent{
			{"Documents", "nor their titles, file names or texts."}, {"Searches", "What you looked for is yours."},
			{"Secrets", "Passwords, keys, cookies and certificates. Of a secret setting it says that it is configured."},
			{"Names", "Addresses, hosts, users, paths and ids have other names, the same throughout one file and different in the next."},
			{"Memory", "It would hold all of that."}, {"Old logs", "Only the latest lines are in it, none of files that were turned over."},
		},
		Command: "In the container:", Button: "Show a diagnostic file", BoxTitle: "Asking for help", BoxText: "A file for whoever helps you, without your secrets. You see what is in it first.",
	}
}

func germanDiagnostics() Diagnostics {
	return Diagnostics{
		Title: "Diagnose", Text: "Eine Datei, die du jemandem schicken kannst, der dir hilft. Sie sagt, wie es der Box geht, und nichts von dem, was in ihr liegt. Sieh nach, was darin steht, bevor du sie herunterlädst.",
		In: "Was darin steht", Sentence: "%s. %s.", Files: Plural{"%s Datei", "%s Dateien"}, Removed: Plural{"%s Stelle wurde geschwärzt oder umbenannt", "%s Stellen wurden geschwärzt oder umbenannt"},
		Took: "Entfernt:", Rules: map[string]string{
			"known-secret": "Geheimnis der Box", "known-secret-base64": "Geheimnis der Box in Base64", "known-secret-hex": "Geheimnis der Box in Hex", "known-secret-bytes": "Geheimnis der Box, Byte für Byte",
			"assignment": "Wert mit verräterischem Namen", "quoted-secret": "Geheimnis in einem Satz", "cookie": "Cookie", "authorization": "Anmeldung in einem Kopf", "url-userinfo": "Anmeldung in einer Adresse",
			"query": "Abfrage einer Adresse", "pem": "PEM-Block", "age-key": "age-Schlüssel", "jwt": "signiertes Token", "provider-key": "Schlüssel eines Dienstes", "flag": "Option eines Befehls", "element": "XML-Element",
			"url-encoded": "für eine Adresse kodiert", "hex": "langes Hex", "encoded-lines": "kodierte Zeilen", "base64": "Base64", "base32": "Base32", "entropy": "zufällige Zeichen", "code-groups": "Wiederherstellungscode",
			"content": "Titel, Dateiname oder Suche", "long-line": "sehr lange Zeile", "name-address": "Adresse, umbenannt", "name-host": "Rechner, umbenannt", "name-user": "Benutzer, umbenannt", "name-path": "Teil eines Pfads, umbenannt", "name-id": "Kennung, umbenannt",
		},
		Missing: "Diesmal ausgelassen", Download: "Herunterladen", Held: "Die Box hält diese Datei zehn Minuten lang, nur im Speicher. Heruntergeladen wird, was du hier siehst. Eine Regel kann zu viel entfernen; und keine kennt ein Geheimnis, das wie ein beliebiges Wort aussieht.",
		First: "Die Datei erstellen", Again: "Neu erstellen", Make: "Erstellen und zeigen, was darin steht",
		MakeText: "Sie wird nach jedem Geheimnis der Box durchsucht, und noch einmal, wenn sie fertig ist. Wird etwas gefunden, gibt es keine Datei.",
		Gone:     "Diese Datei wird nicht mehr gehalten. Erstelle sie neu.", NeverTitle: "Was nie darin steht",
		Never: [6]Absent{
			{"Dokumente", "und auch nicht ihre Titel, Dateinamen oder Texte."}, {"Suchen", "Wonach du gesucht hast, gehört dir."},
			{"Geheimnisse", "Passwörter, Schlüssel, Cookies und Zertifikate. Von einer geheimen Einstellung steht da, dass sie gesetzt ist."},
			{"Namen", "Adressen, Rechner, Benutzer, Pfade und Kennungen heißen anders, in einer Datei überall gleich und in der nächsten wieder anders."},
			{"Speicher", "Er enthielte all das."}, {"Alte Protokolle", "Nur die neuesten Zeilen stehen darin, keine aus abgelegten Dateien."},
		},
		Command: "Im Container:", Button: "Diagnosedatei zeigen", BoxTitle: "Um Hilfe bitten", BoxText: "Eine Datei für den, der dir hilft, ohne deine Geheimnisse. Du siehst zuerst, was darin steht.",
	}
}
