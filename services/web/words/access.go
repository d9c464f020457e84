package words

// Access is the part of Settings that says who reaches the box, and what a
// name sees that does not.
type Access struct {
	FixedNames           string // %s: names listed by configuration
	AnyHost, AnyHostRisk string
	Seen                 string // %s: an address, %s: a name, %s: http or https
	Proxies, NoProxies   string
	ProxiesFixed         string
	Unlisted             string // %s: an address
	Limits, LimitsText   string
	What, HowMany, Now   string
	PerMinute            string // %s: a number
	Anonymous, Requests  string
	Changes, Uploads     string
	SignIn, SetupCode    string
	SignInMany           string // %s: failures in a minute, %s: failures of all
	SetupMany            string
	Idle, SetupDone      string
	UsedByOne            string // %s: a number
	UsedByMost           string // %s: by the busiest, of %s
	FailedLately         Plural

	Elsewhere         string
	ElsewhereText     string // %s: a name
	ElsewhereNameless string
	ByAddress, ListIt string
	OrConfigure       string // %s: a name
	LimitedText       string // %s: how long
}

func englishAccess() Access {
	return Access{
		FixedNames: "Listed by configuration, not changeable here: %s",
		AnyHost:    "Answer to any name",
		AnyHostRisk: "Then a hostile page can give the box a name of its own and talk to it through your browser as if it were part of it. " +
			"Your password still protects what is in it.",
		Seen:    "You come from %s and opened the box under %s, over %s.",
		Proxies: "Believed proxies", NoProxies: "None. The address that connects is the client, and X-Forwarded headers count for nothing.",
		ProxiesFixed: "Set by COFFER_TRUSTED_PROXIES and changed nowhere else.",
		Unlisted:     "%s passes requests on for others and is not listed, so all its visitors count as one client. If it is your proxy, set COFFER_TRUSTED_PROXIES to its address.",
		Limits:       "Limits", LimitsText: "What one client may ask. Who asks for more is told when to come back.",
		What: "What", HowMany: "How many", Now: "Now", PerMinute: "%s a minute",
		Anonymous: "Requests without signing in", Requests: "Requests of one browser that is signed in",
		Changes: "Changes of one such browser", Uploads: "Uploads of one such browser",
		SignIn: "Failed sign-ins", SignInMany: "%s a minute for each client; after %s strangers wait 1, 5, then 15 minutes",
		SetupCode: "Wrong setup codes", SetupMany: "3 a minute for each client, 30 for all", SetupDone: "the box has its owner",
		Idle: "none in the last minute", UsedByOne: "%s in the last minute", UsedByMost: "%s by the busiest of %s",
		FailedLately: Plural{"%s in the last 15 minutes", "%s in the last 15 minutes"},

		Elsewhere:         "The box does not answer to this name",
		ElsewhereText:     "You opened it under %s, and that name is not on its list. Nothing was changed and nothing is lost.",
		ElsewhereNameless: "The name that it was opened under is not on its list. Nothing was changed and nothing is lost.",
		ByAddress:         "Open it by its address, such as http://192.168.1.20:8080, or by a local name such as coffer.local.",
		ListIt:            "Sign in there and list the name in Settings, Access.",
		OrConfigure:       "Or start the box with COFFER_ALLOWED_HOSTS=%s",
		LimitedText:       "That was more than one client may ask. Nothing was changed. Try again in %s.",
	}
}

func germanAccess() Access {
	return Access{
		FixedNames: "Durch die Konfiguration gelistet, hier nicht änderbar: %s",
		AnyHost:    "Auf jeden Namen antworten",
		AnyHostRisk: "Dann kann eine feindliche Seite der Box einen eigenen Namen geben und durch deinen Browser mit ihr sprechen, als gehörte sie dazu. " +
			"Dein Passwort schützt weiterhin, was in der Box ist.",
		Seen:    "Du kommst von %s und hast die Box unter %s geöffnet, über %s.",
		Proxies: "Geglaubte Proxys", NoProxies: "Keine. Die Adresse, die sich verbindet, ist der Client, und X-Forwarded-Angaben zählen nichts.",
		ProxiesFixed: "Gesetzt durch COFFER_TRUSTED_PROXIES und nirgends sonst zu ändern.",
		Unlisted:     "%s reicht Anfragen für andere weiter und ist nicht gelistet, deshalb zählen alle seine Besucher als ein Client. Ist das dein Proxy, setze COFFER_TRUSTED_PROXIES auf seine Adresse.",
		Limits:       "Grenzen", LimitsText: "Was ein Client fragen darf. Wer mehr fragt, erfährt, wann er wiederkommen kann.",
		What: "Was", HowMany: "Wie viele", Now: "Jetzt", PerMinute: "%s in der Minute",
		Anonymous: "Anfragen ohne Anmeldung", Requests: "Anfragen eines angemeldeten Browsers",
		Changes: "Änderungen eines solchen Browsers", Uploads: "Übertragungen eines solchen Browsers",
		SignIn: "Fehlgeschlagene Anmeldungen", SignInMany: "%s in der Minute je Client; nach %s warten Fremde 1, 5, dann 15 Minuten",
		SetupCode: "Falsche Einrichtungscodes", SetupMany: "3 in der Minute je Client, 30 für alle", SetupDone: "die Box hat ihren Eigentümer",
		Idle: "keine in der letzten Minute", UsedByOne: "%s in der letzten Minute", UsedByMost: "%s vom fleißigsten von %s",
		FailedLately: Plural{"%s in den letzten 15 Minuten", "%s in den letzten 15 Minuten"},

		Elsewhere:         "Auf diesen Namen antwortet die Box nicht",
		ElsewhereText:     "Du hast sie unter %s geöffnet, und dieser Name steht nicht auf ihrer Liste. Nichts wurde geändert und nichts ist verloren.",
		ElsewhereNameless: "Der Name, unter dem sie geöffnet wurde, steht nicht auf ihrer Liste. Nichts wurde geändert und nichts ist verloren.",
		ByAddress:         "Öffne sie über ihre Adresse, etwa http://192.168.1.20:8080, oder einen lokalen Namen wie coffer.local.",
		ListIt:            "Melde dich dort an und trag den Namen unter Einstellungen, Zugang ein.",
		OrConfigure:       "Oder starte die Box mit COFFER_ALLOWED_HOSTS=%s",
		LimitedText:       "Das war mehr, als ein Client fragen darf. Nichts wurde geändert. Versuch es in %s noch einmal.",
	}
}
