package words

// Passkeys is what is said of passkeys, wherever they are asked for.
type Passkeys struct {
	Use, NoScript, Old, Stopped, Wrong string
	Elsewhere                          string // %s: names

	Title, Text, Add, Name, NameHint, Next string
	WorksAt                                string // %s: a name
	Added, Used, Unused                    string
	Remove                                 string
	RemoveOne                              string // %s: its name
	Plain, Address, Full                   string

	MakeTitle, Make                     string
	MakeText                            string // %s: the box's name
	IsAdded, IsRemoved, NotMade, NoName string
}

func englishPasskeys() Passkeys {
	return Passkeys{
		Use:       "Use a passkey",
		NoScript:  "A passkey needs JavaScript, which is switched off in this browser.",
		Old:       "This browser is too old for passkeys. Update it, or use another.",
		Stopped:   "No passkey was used. Try again.",
		Wrong:     "That passkey is not one of this box, or its answer came too late. Try again.",
		Elsewhere: "Your passkeys work only over a secure connection, under the name that they were made for: %s. Open the box there, or use a recovery code.",

		Title: "Passkeys", Add: "Add a passkey", Name: "Name", NameHint: "Such as the phone or the key that holds it.", Next: "Continue",
		Text:    "A passkey lies in a phone, a computer or a security key and proves with a touch that it is there. It works only under the name that the box has now; if that changes, a recovery code helps, or coffer owner remove-factors.",
		WorksAt: "works at %s", Added: "added", Used: "last used", Unused: "never used",
		Remove: "Remove", RemoveOne: "Remove the passkey %s",
		Plain:   "Browsers use passkeys only over a secure connection. Turn HTTPS on in Settings, and open the box by its name.",
		Address: "A passkey belongs to a name, and this page was opened by an address. Open the box by a name over HTTPS to add one.",
		Full:    "There are ten passkeys, which is the most. Remove one that you do not use any more.",

		MakeTitle: "Add a passkey", Make: "Make the passkey",
		MakeText: "The browser asks now where the passkey is to lie. It will work only at %s.",
		IsAdded:  "The passkey is added.", IsRemoved: "The passkey is removed.",
		NotMade: "No passkey was made, so nothing was changed. Begin again.", NoName: "A passkey needs a name of 1 to 64 characters.",
	}
}

func germanPasskeys() Passkeys {
	return Passkeys{
		Use:       "Passkey benutzen",
		NoScript:  "Ein Passkey braucht JavaScript, das in diesem Browser abgeschaltet ist.",
		Old:       "Dieser Browser ist zu alt für Passkeys. Aktualisiere ihn, oder nimm einen anderen.",
		Stopped:   "Es wurde kein Passkey benutzt. Versuch es noch einmal.",
		Wrong:     "Der Passkey gehört nicht zu dieser Box, oder seine Antwort kam zu spät. Versuch es noch einmal.",
		Elsewhere: "Deine Passkeys gelten nur über eine sichere Verbindung und unter dem Namen, für den sie gemacht sind: %s. Öffne die Box dort, oder benutz einen Wiederherstellungscode.",

		Title: "Passkeys", Add: "Passkey hinzufügen", Name: "Name", NameHint: "Etwa das Telefon oder der Schlüssel, in dem er liegt.", Next: "Weiter",
		Text:    "Ein Passkey liegt in einem Telefon, einem Rechner oder einem Sicherheitsschlüssel und beweist mit einer Berührung, dass er da ist. Er gilt nur unter dem Namen, den die Box jetzt hat; ändert der sich, hilft ein Wiederherstellungscode oder coffer owner remove-factors.",
		WorksAt: "gilt unter %s", Added: "hinzugefügt", Used: "zuletzt benutzt", Unused: "nie benutzt",
		Remove: "Entfernen", RemoveOne: "Den Passkey %s entfernen",
		Plain:   "Browser benutzen Passkeys nur über eine sichere Verbindung. Schalte in den Einstellungen HTTPS ein, und öffne die Box unter ihrem Namen.",
		Address: "Ein Passkey gehört zu einem Namen, und diese Seite wurde unter einer Adresse geöffnet. Öffne die Box unter einem Namen über HTTPS, um einen hinzuzufügen.",
		Full:    "Es gibt zehn Passkeys, mehr gehen nicht. Entferne einen, den du nicht mehr benutzt.",

		MakeTitle: "Passkey hinzufügen", Make: "Passkey erstellen",
		MakeText: "Der Browser fragt jetzt, wo der Passkey liegen soll. Er wird nur unter %s gelten.",
		IsAdded:  "Der Passkey ist hinzugefügt.", IsRemoved: "Der Passkey ist entfernt.",
		NotMade: "Es wurde kein Passkey erstellt, also wurde nichts geändert. Fang noch einmal an.", NoName: "Ein Passkey braucht einen Namen von 1 bis 64 Zeichen.",
	}
}
