package words

// Step is the second step of a sign-in, and its fields wherever a code is asked
// for.
type Step struct {
	Heading, Code, CodeHint, WrongCode      string
	Limited                                 string // %s: how long
	NoApp, Late, Again                      string
	UseRecovery, RecoveryCode, RecoveryHint string
	WrongRecovery                           string
	Lost, LostText, LostCommand, LostThen   string
}

func englishStep() Step {
	return Step{
		Heading: "One more step",
		Code:    "Code", CodeHint: "The six digits that your authenticator app shows for Coffer.",
		WrongCode:   "That code is wrong, or was used already. Wait for the next one. If none is right, compare the clocks of the box and of your device.",
		Limited:     "Too many wrong tries. Nothing is lost. Try again in %s.",
		NoApp:       "The box has another secret key than when the second factor was turned on, so that no code of your app can be right.",
		Late:        "The sign-in was not finished in time. Nothing is lost. Begin again.",
		Again:       "Begin again",
		UseRecovery: "Use a recovery code", RecoveryCode: "Recovery code",
		RecoveryHint:  "One of those that you kept when you turned the second factor on. Each works once.",
		WrongRecovery: "That is none of the recovery codes that are left.",
		Lost:          "Lost the second factor and the recovery codes?",
		LostText:      "Nothing is lost. Whoever runs Coffer’s container can turn the second factor off. Run this on that machine, with the name of your container in place of the first coffer:",
		LostCommand:   "docker exec coffer coffer owner remove-factors",
		LostThen:      "Your name and password are enough then, and Settings turn a new one on. It works while the box is stopped, too; the README says how.",
	}
}

func germanStep() Step {
	return Step{
		Heading: "Noch ein Schritt",
		Code:    "Code", CodeHint: "Die sechs Ziffern, die deine Authenticator-App für Coffer zeigt.",
		WrongCode:   "Der Code ist falsch oder wurde schon benutzt. Warte auf den nächsten. Stimmt keiner, vergleich die Uhren der Box und deines Geräts.",
		Limited:     "Zu viele falsche Versuche. Nichts ist verloren. Versuch es in %s wieder.",
		NoApp:       "Die Box hat einen anderen geheimen Schlüssel als beim Einschalten des zweiten Faktors, sodass kein Code deiner App stimmen kann.",
		Late:        "Die Anmeldung wurde nicht rechtzeitig fertig. Nichts ist verloren. Fang noch einmal an.",
		Again:       "Noch einmal anfangen",
		UseRecovery: "Einen Wiederherstellungscode benutzen", RecoveryCode: "Wiederherstellungscode",
		RecoveryHint:  "Einer von denen, die du beim Einschalten des zweiten Faktors verwahrt hast. Jeder gilt einmal.",
		WrongRecovery: "Das ist keiner der Wiederherstellungscodes, die noch gelten.",
		Lost:          "Zweiten Faktor und Wiederherstellungscodes verloren?",
		LostText:      "Nichts ist verloren. Wer den Container von Coffer betreibt, kann den zweiten Faktor ausschalten. Führ dies auf dem Rechner aus, mit dem Namen deines Containers statt des ersten coffer:",
		LostCommand:   "docker exec coffer coffer owner remove-factors",
		LostThen:      "Dann genügen Name und Passwort, und in den Einstellungen lässt sich ein neuer einschalten. Auch bei angehaltener Box geht es; wie, steht in der README.",
	}
}
