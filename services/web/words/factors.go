package words

// Factors is the part of Settings about the second factor.
type Factors struct {
	Title, OffText, TurnOn, On  string
	App, Since, Unreadable      string
	Left                        Plural
	NoneLeft, Few               string
	NewCodes, NewCodesMean      string
	TurnOff, TurnOffMeans       string
	TurnOffNow, TurnedOff, Late string
	AppOn, AppOff, AddApp       string

	EnrolTitle, Scan, ScanText, Picture string
	OnDevice, ByHand, ByHandHint        string
	Copy, Copied                        string
	Enter, WrongCode, Confirm, Cancel   string

	CodesTitle, TurnedOn, NewMade, CodesText string
	Save, Print, Kept                        string
}

func englishFactors() Factors {
	return Factors{
		Title:   "Second factor",
		OffText: "Whoever learns your password can sign in. With a second factor that is not enough: a sign-in also wants a code from an app on your phone, or a passkey.",
		TurnOn:  "Turn on", On: "On",
		App: "Authenticator app", Since: "turned on",
		Unreadable: "The box has another secret key than when this was turned on, so that no code of the app is right. Turn it off and on again; a recovery code confirms that it is you.",
		Left:       Plural{"%s recovery code left", "%s recovery codes left"},
		NoneLeft:   "no recovery code left", Few: "Make new ones before you need them.",
		NewCodes: "New recovery codes", NewCodesMean: "The recovery codes from before are void then.",
		TurnOff: "Turn off", TurnOffMeans: "Then the app is not asked for any more. Without a passkey your password alone signs in, and the recovery codes are void.",
		TurnOffNow: "Turn it off", TurnedOff: "The second factor is off. Your password alone signs in.", AppOff: "Codes of the app are off. Passkeys go on.", AddApp: "Add an authenticator app", AppOn: "Codes of the app are on. The recovery codes from before go on.",
		Late: "The secret was not confirmed in time, so nothing was turned on. Begin again.",

		EnrolTitle: "Turn on the second factor",
		Scan:       "Scan this with an authenticator app", ScanText: "Any app for time-based codes will do. Many password managers are one.",
		Picture: "QR code with the secret, which is also below in letters", OnDevice: "Open it in an app on this device",
		ByHand: "Or type in the secret", ByHandHint: "Time-based, six digits, a new code each 30 seconds.",
		Copy: "Copy", Copied: "Copied",
		Enter: "Enter the code that the app shows", WrongCode: "That is not the code of this secret. Wait for the next one. If none is right, compare the clocks of the box and of your device.",
		Confirm: "Turn on", Cancel: "Cancel",

		CodesTitle: "Recovery codes", TurnedOn: "The second factor is on. Keep these codes before you go on.",
		NewMade:   "The new recovery codes are made. Those from before are void.",
		CodesText: "Each of these signs in once, when the app or the passkey is not at hand. Keep them apart, on paper or in a password manager. The box keeps only hashes and cannot show them again.",
		Save:      "Save as a file", Print: "Print", Kept: "I have kept them",
	}
}

func germanFactors() Factors {
	return Factors{
		Title:   "Zweiter Faktor",
		OffText: "Wer dein Passwort erfährt, kann sich anmelden. Mit einem zweiten Faktor genügt das nicht: zum Anmelden braucht es auch einen Code aus einer App auf deinem Telefon, oder einen Passkey.",
		TurnOn:  "Einschalten", On: "An",
		App: "Authenticator-App", Since: "eingeschaltet",
		Unreadable: "Die Box hat einen anderen geheimen Schlüssel als beim Einschalten, sodass kein Code der App stimmt. Schalte aus und wieder ein; ein Wiederherstellungscode bestätigt, dass du es bist.",
		Left:       Plural{"%s Wiederherstellungscode übrig", "%s Wiederherstellungscodes übrig"},
		NoneLeft:   "kein Wiederherstellungscode übrig", Few: "Erstelle neue, bevor du sie brauchst.",
		NewCodes: "Neue Wiederherstellungscodes", NewCodesMean: "Die bisherigen Wiederherstellungscodes sind dann ungültig.",
		TurnOff: "Ausschalten", TurnOffMeans: "Dann wird die App nicht mehr gefragt. Ohne Passkey genügt dein Passwort zum Anmelden, und die Wiederherstellungscodes sind ungültig.",
		TurnOffNow: "Ja, ausschalten", TurnedOff: "Der zweite Faktor ist aus. Dein Passwort genügt zum Anmelden.", AppOff: "Codes der App sind aus. Passkeys gelten weiter.", AddApp: "Authenticator-App hinzufügen", AppOn: "Codes der App sind an. Die bisherigen Wiederherstellungscodes gelten weiter.",
		Late: "Das Geheimnis wurde nicht rechtzeitig bestätigt, also wurde nichts eingeschaltet. Fang noch einmal an.",

		EnrolTitle: "Zweiten Faktor einschalten",
		Scan:       "Scanne dies mit einer Authenticator-App", ScanText: "Jede App für zeitbasierte Codes ist recht. Viele Passwortmanager sind eine.",
		Picture: "QR-Code mit dem Geheimnis, das darunter auch in Buchstaben steht", OnDevice: "In einer App auf diesem Gerät öffnen",
		ByHand: "Oder gib das Geheimnis ein", ByHandHint: "Zeitbasiert, sechs Ziffern, alle 30 Sekunden ein neuer Code.",
		Copy: "Kopieren", Copied: "Kopiert",
		Enter: "Gib den Code ein, den die App zeigt", WrongCode: "Das ist nicht der Code dieses Geheimnisses. Warte auf den nächsten. Stimmt keiner, vergleich die Uhren der Box und deines Geräts.",
		Confirm: "Einschalten", Cancel: "Abbrechen",

		CodesTitle: "Wiederherstellungscodes", TurnedOn: "Der zweite Faktor ist an. Verwahre diese Codes, bevor du weitergehst.",
		NewMade:   "Die neuen Wiederherstellungscodes sind erstellt. Die bisherigen sind ungültig.",
		CodesText: "Jeder davon meldet dich einmal an, wenn App oder Passkey nicht zur Hand ist. Verwahre sie getrennt davon, auf Papier oder in einem Passwortmanager. Die Box behält nur Hashes und kann sie nicht noch einmal zeigen.",
		Save:      "Als Datei sichern", Print: "Drucken", Kept: "Ich habe sie verwahrt",
	}
}
