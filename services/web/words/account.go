package words

// Account is the part of Settings about the browsers that are signed in.
type Account struct {
	Since                        string
	SessionsText                 string // %s, %s: days
	EndOthers, OthersEnded       string
	Everywhere, EverywhereMeans  string
	EverywhereNow, EverywhereOut string
}

func englishAccount() Account {
	return Account{
		Since:        "signed in",
		SessionsText: "A browser stays signed in while you use it: %s days without use sign it out, and %s at the latest.",
		EndOthers:    "Sign out all others", OthersEnded: "All other browsers are signed out.",
		Everywhere: "Sign out everywhere",
		EverywhereMeans: "For when something was stolen: every browser is signed out, this one too, and all keys of programs are void at once. " +
			"A backup that is restored brings none of them back. Your documents and settings stay as they are.",
		EverywhereNow: "Sign out everywhere now", EverywhereOut: "Every browser is signed out, and all keys are void.",
	}
}

func germanAccount() Account {
	return Account{
		Since:        "angemeldet",
		SessionsText: "Ein Browser bleibt angemeldet, solange du ihn benutzt: nach %s Tagen ohne Gebrauch wird er abgemeldet, spätestens nach %s.",
		EndOthers:    "Alle anderen abmelden", OthersEnded: "Alle anderen Browser sind abgemeldet.",
		Everywhere: "Überall abmelden",
		EverywhereMeans: "Wenn etwas gestohlen wurde: jeder Browser wird abgemeldet, auch dieser, und alle Schlüssel von Programmen enden sofort. " +
			"Keine zurückgespielte Sicherung bringt sie wieder. Deine Dokumente und Einstellungen bleiben, wie sie sind.",
		EverywhereNow: "Jetzt überall abmelden", EverywhereOut: "Jeder Browser ist abgemeldet, und alle Schlüssel sind beendet.",
	}
}
