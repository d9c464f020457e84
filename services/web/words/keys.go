package words

import "coffer/services/auth"

// Keys is the page of keys for programs.
type Keys struct {
	Title, Text            string
	Made                   string // %s: its name
	MadeText               string
	Copy, Copied, Try      string
	New, Name, NameHint    string
	May, MayHint           string
	Read, ReadText         string
	Add, AddText           string
	Admin, AdminText       string
	Metrics, MetricsText   string
	Ends, Never, Make      string
	Days                   Plural
	BadName, NoScope, Many string
	All, None              string
	Begins                 string // %s: how the key begins
	EndsOn, EndedOn        string // %s: a day
	Endless, Void          string
	Used                   string // %s: when
	Unused                 string
	Revoke, RevokeNow      string
	RevokeOne              string // %s: its name
	RevokeMeans, Keep      string
	Revoked                string

	Token, TokenText, TokenFile, TokenTry string
	TokenOn                               string // %s: when it was made, %s: when it is replaced
	TokenOff, TokenSoon, TokenWrong       string
	TokenRenew, TokenTurnOn, TokenTurnOff string
	TokenRenewed, TokenDropped            string
}

// Scope names what a key may do. One that has no words here shows as it is.
func (w *Words) Scope(name string) (title, text string) {
	k := w.Keys
	switch name {
	case auth.ScopeRead:
		return k.Read, k.ReadText
	case auth.ScopeAdd:
		return k.Add, k.AddText
	case auth.ScopeAdmin:
		return k.Admin, k.AdminText
	case auth.ScopeMetrics:
		return k.Metrics, k.MetricsText
	}
	return name, ""
}

func englishKeys() Keys {
	return Keys{
		Title: "Keys",
		Text: "A key lets a program in without your password: a script, a phone, another service. It may do what you tick, through the API alone. " +
			"It cannot change the password, keys or settings, and a new password ends every key.",
		Made:     "The key “%s” is made",
		MadeText: "Copy it now. The box keeps only a hash of it and cannot show it again.",
		Copy:     "Copy", Copied: "Copied", Try: "To try it:",
		New: "New key", Name: "Name", NameHint: "What uses it, so that you know it again.",
		May: "What it may do", MayHint: "Tick only what the program needs.",
		Read: "Read", ReadText: "Search, list and open everything in the library.",
		Add: "Add", AddText: "Add documents and notes, rename, retry and delete them.",
		Admin: "Look after the box", AdminText: "See settings, logs, the audit log and who is signed in.",
		Metrics: "Metrics", MetricsText: "Fetch the figures of the box, and nothing else.",
		Ends: "It ends after", Never: "never", Make: "Make key", Days: Plural{"%s day", "%s days"},
		BadName: "Give it a name of 1 to 64 characters.", NoScope: "Tick at least one thing that it may do.",
		Many: "There are as many keys as the box keeps. Revoke some that are not used.",
		All:  "Your keys", None: "No program has a key yet.",
		Begins: "begins %s", EndsOn: "ends %s", EndedOn: "ended %s", Endless: "does not end", Void: "void since the password was changed",
		Used: "last used %s", Unused: "not used yet",
		Revoke: "Revoke", RevokeNow: "Revoke it", RevokeOne: "Revoke “%s”?", RevokeMeans: "What uses it is refused at once. Nothing in the library changes. This cannot be undone.",
		Keep: "Keep it", Revoked: "The key is revoked.",
		Token:     "For scripts on this machine",
		TokenText: "The box keeps a key in a file of its volume, for scripts of your own that run beside it. It may read and add. Only root and the user of the box's API can read the file. The key ends after 90 days; after 60 the box puts another in its place, and the one before works for one more day.",
		TokenFile: "File", TokenTry: "On this machine:", TokenOn: "Made %s, replaced %s.", TokenOff: "It is turned off: there is no file.", TokenSoon: "It is being written.",
		TokenWrong: "The file cannot be read or written. The page Box says what is wrong.",
		TokenRenew: "Make another now", TokenTurnOn: "Turn it on", TokenTurnOff: "Turn it off",
		TokenRenewed: "Another key is in the file. The one before opens nothing any more.", TokenDropped: "The key is ended and its file removed.",
	}
}

func germanKeys() Keys {
	return Keys{
		Title: "Schlüssel",
		Text: "Ein Schlüssel lässt ein Programm ohne dein Passwort ein: ein Skript, ein Telefon, einen anderen Dienst. Es darf, was du ankreuzt, und nur über die API. " +
			"Passwort, Schlüssel und Einstellungen kann es nicht ändern, und ein neues Passwort beendet jeden Schlüssel.",
		Made:     "Der Schlüssel „%s“ ist erstellt",
		MadeText: "Kopiere ihn jetzt. Die Box behält nur einen Hash und kann ihn nicht noch einmal zeigen.",
		Copy:     "Kopieren", Copied: "Kopiert", Try: "Zum Ausprobieren:",
		New: "Neuer Schlüssel", Name: "Name", NameHint: "Was ihn benutzt, damit du ihn wiedererkennst.",
		May: "Was er darf", MayHint: "Kreuze nur an, was das Programm braucht.",
		Read: "Lesen", ReadText: "Alles in der Bibliothek suchen, auflisten und öffnen.",
		Add: "Hinzufügen", AddText: "Dokumente und Notizen hinzufügen, umbenennen, erneut lesen und löschen.",
		Admin: "Nach der Box sehen", AdminText: "Einstellungen, Protokolle, Ereignisse und angemeldete Browser sehen.",
		Metrics: "Messwerte", MetricsText: "Die Zahlen der Box abrufen, sonst nichts.",
		Ends: "Er endet nach", Never: "nie", Make: "Schlüssel erstellen", Days: Plural{"%s Tag", "%s Tagen"},
		BadName: "Gib ihm einen Namen mit 1 bis 64 Zeichen.", NoScope: "Kreuze mindestens eines an, das er darf.",
		Many: "Mehr Schlüssel behält die Box nicht. Widerrufe welche, die nicht benutzt werden.",
		All:  "Deine Schlüssel", None: "Noch hat kein Programm einen Schlüssel.",
		Begins: "beginnt mit %s", EndsOn: "endet am %s", EndedOn: "endete am %s", Endless: "endet nicht", Void: "ungültig, seit das Passwort geändert wurde",
		Used: "zuletzt benutzt %s", Unused: "noch nicht benutzt",
		Revoke: "Widerrufen", RevokeNow: "Ja, widerrufen", RevokeOne: "„%s“ widerrufen?", RevokeMeans: "Was ihn benutzt, wird sofort abgewiesen. In der Bibliothek ändert sich nichts. Das lässt sich nicht zurücknehmen.",
		Keep: "Behalten", Revoked: "Der Schlüssel ist widerrufen.",
		Token:     "Für Skripte auf diesem Rechner",
		TokenText: "Die Box hält in einer Datei ihres Datenträgers einen Schlüssel für eigene Skripte bereit, die neben ihr laufen. Er darf lesen und hinzufügen. Nur root und der Benutzer der API können die Datei lesen. Der Schlüssel endet nach 90 Tagen; nach 60 legt die Box einen anderen an seine Stelle, und der alte gilt noch einen Tag.",
		TokenFile: "Datei", TokenTry: "Auf diesem Rechner:", TokenOn: "Erstellt am %s, ersetzt am %s.", TokenOff: "Er ist ausgeschaltet: Es gibt keine Datei.", TokenSoon: "Er wird gerade geschrieben.",
		TokenWrong: "Die Datei lässt sich nicht lesen oder schreiben. Die Seite Box sagt, was nicht stimmt.",
		TokenRenew: "Jetzt einen anderen machen", TokenTurnOn: "Einschalten", TokenTurnOff: "Ausschalten",
		TokenRenewed: "In der Datei liegt ein anderer Schlüssel. Der alte öffnet nichts mehr.", TokenDropped: "Der Schlüssel ist beendet und seine Datei entfernt.",
	}
}
