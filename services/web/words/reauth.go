package words

// Reauth is the question who is there, before what would do lasting harm in the
// wrong hands.
type Reauth struct {
	Title, Text, TextCode, Password, Confirm string
	CodeHint, Wrong, WrongCode               string
	LimitedIn                                string // {seconds}
}

func englishReauth() Reauth {
	return Reauth{
		Title:    "Confirm that it is you",
		Text:     "Anybody at this browser could do lasting harm with this. Enter your password once more. For ten minutes the box does not ask again.",
		TextCode: "Anybody at this browser could do lasting harm with this. Enter your password, and a code or a passkey. For ten minutes the box does not ask again.",
		Password: "Password", Confirm: "Confirm",
		CodeHint:  "Of your authenticator app, or a recovery code.",
		Wrong:     "The password is wrong. Nothing was changed.",
		WrongCode: "The code is wrong, or was used already. Nothing was changed.",
		LimitedIn: "Too many wrong tries. Nothing is lost. Try again in {seconds} seconds.",
	}
}

func germanReauth() Reauth {
	return Reauth{
		Title:    "Bestätige, dass du es bist",
		Text:     "Wer immer an diesem Browser sitzt, könnte damit bleibenden Schaden anrichten. Gib dein Passwort noch einmal ein. Zehn Minuten lang fragt die Box nicht wieder.",
		TextCode: "Wer immer an diesem Browser sitzt, könnte damit bleibenden Schaden anrichten. Gib dein Passwort ein, und einen Code oder einen Passkey. Zehn Minuten lang fragt die Box nicht wieder.",
		Password: "Passwort", Confirm: "Bestätigen",
		CodeHint:  "Aus deiner Authenticator-App, oder ein Wiederherstellungscode.",
		Wrong:     "Das Passwort ist falsch. Es wurde nichts geändert.",
		WrongCode: "Der Code ist falsch oder wurde schon benutzt. Es wurde nichts geändert.",
		LimitedIn: "Zu viele falsche Versuche. Nichts ist verloren. Versuch es in {seconds} Sekunden wieder.",
	}
}
