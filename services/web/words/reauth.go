package words

// Reauth is the question who is there, before what would do lasting harm in the
// wrong hands.
type Reauth struct {
	Title, Text, Password, Confirm string
	Wrong                          string
	LimitedIn                      string // {seconds}
}

func englishReauth() Reauth {
	return Reauth{
		Title:    "Confirm that it is you",
		Text:     "Anybody at this browser could do lasting harm with this. Enter your password once more. For ten minutes the box does not ask again.",
		Password: "Password", Confirm: "Confirm",
		Wrong:     "The password is wrong. Nothing was changed.",
		LimitedIn: "Too many wrong passwords. Nothing is lost. Try again in {seconds} seconds.",
	}
}

func germanReauth() Reauth {
	return Reauth{
		Title:    "Bestätige, dass du es bist",
		Text:     "Wer immer an diesem Browser sitzt, könnte damit bleibenden Schaden anrichten. Gib dein Passwort noch einmal ein. Zehn Minuten lang fragt die Box nicht wieder.",
		Password: "Passwort", Confirm: "Bestätigen",
		Wrong:     "Das Passwort ist falsch. Es wurde nichts geändert.",
		LimitedIn: "Zu viele falsche Passwörter. Es ist nichts verloren. Versuche es in {seconds} Sekunden wieder.",
	}
}
