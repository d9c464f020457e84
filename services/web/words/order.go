package words

// Order is the part of Settings about certificates that are ordered from an
// authority.
type Order struct {
	Way, WayText string
	By           string // %s: an authority
	StandsIn     string
	On           string // %s: a port

	Title             string
	Wanted            string // %s: names, %s: an authority
	Asking            string // %s: an authority
	Challenge         string // %s: names
	Making, Switching string
	Watch             string
	Failed            string
	Again             string // %s: a time
	Paused            string // %s: a time
	Quote             string
	Now, GiveUp       string
	Renews            string
	RenewsAt          string // %s: a date
	Names, NamesHint  string
	Email, EmailHint  string
	Other, Directory  string
	DirectoryHint     string
	Fixed             string
	Leaves            string
	Reach             string
	Agree             string // %s: an authority
	Terms             string
	TermsLater        string
	Begun             string
}

func englishOrder() Order {
	return Order{
		Way: "A certificate from an authority (ACME)", WayText: "Let's Encrypt or another one makes it for a name that leads here from the internet, and the box renews it. Browsers trust it as it is.",
		By: "%s, ordered by the box, which renews it", StandsIn: "the box's own authority, until the ordered one is there",
		On: "HTTPS is on, at port %s, with a certificate that browsers warn of until the ordered one is there.",

		Title:  "The order",
		Wanted: "A certificate for %s is ordered from %s. Until it is there, everything stays as it is.",
		Asking: "The box asks %s", Challenge: "The authority looks for this box at %s", Making: "It makes the certificate", Switching: "The box takes it into use",
		Watch:  "This takes up to a few minutes. You may leave this page.",
		Failed: "No certificate was made. What is served stays as it is.",
		Again:  "The box tries again by itself: %s.", Paused: "The authority wants to be asked again from then on: %s.",
		Quote: "The authority's words", Now: "Try again now", GiveUp: "To give it up, choose another way below.",
		Renews: "Renewed", RenewsAt: "by the box itself, from %s on",
		Names: "Names it is for", NamesHint: "Full names that lead to this box from the internet, one on each line.",
		Email: "E-mail address, if you like", EmailHint: "Some authorities write to it when something is wrong. It may stay empty.",
		Other: "Another authority", Directory: "Address of its ACME directory",
		DirectoryHint: "Let's Encrypt's by itself. For one of your own, put its root certificate into the folder config/ca of the volume.",
		Fixed:         "The configuration decides this.",
		Leaves:        "To the authority go the names, the e-mail address, and the internet address of this box. What a public authority makes is published, names included.",
		Reach:         "The authority asks at port 80 of each name: forward that port to port 8080 of the box.",
		Agree:         "I agree to the terms of %s", Terms: "Read the terms", TermsLater: "The authority publishes its terms with its directory.",
		Begun: "The order is on its way.",
	}
}

func germanOrder() Order {
	return Order{
		Way: "Ein Zertifikat von einer Stelle (ACME)", WayText: "Let's Encrypt oder eine andere stellt es für einen Namen aus, der aus dem Internet hierher führt, und die Box erneuert es. Browser vertrauen ihm so, wie es ist.",
		By: "%s, bestellt von der Box, die es auch erneuert", StandsIn: "der eigenen Stelle der Box, bis das bestellte da ist",
		On: "HTTPS ist an, auf Port %s, mit einem Zertifikat, vor dem Browser warnen, bis das bestellte da ist.",

		Title:  "Die Bestellung",
		Wanted: "Ein Zertifikat für %s ist bei %s bestellt. Bis es da ist, bleibt alles, wie es ist.",
		Asking: "Die Box fragt bei %s an", Challenge: "Die Stelle sucht diese Box unter %s", Making: "Sie stellt das Zertifikat aus", Switching: "Die Box nimmt es in Gebrauch",
		Watch:  "Das dauert bis zu einigen Minuten. Du kannst die Seite verlassen.",
		Failed: "Es wurde kein Zertifikat ausgestellt. Was gilt, bleibt, wie es ist.",
		Again:  "Die Box versucht es von selbst wieder: %s.", Paused: "Die Stelle will erst dann wieder gefragt werden: %s.",
		Quote: "Was die Stelle sagt", Now: "Jetzt noch einmal", GiveUp: "Um es aufzugeben, wähle unten eine andere Art.",
		Renews: "Erneuert", RenewsAt: "von der Box selbst, ab %s",
		Names: "Namen, für die es gilt", NamesHint: "Volle Namen, die aus dem Internet zu dieser Box führen, je Zeile einer.",
		Email: "E-Mail-Adresse, wenn du magst", EmailHint: "Manche Stellen schreiben dorthin, wenn etwas nicht stimmt. Sie darf leer bleiben.",
		Other: "Eine andere Stelle", Directory: "Adresse ihres ACME-Verzeichnisses",
		DirectoryHint: "Von selbst die von Let's Encrypt. Für eine eigene Stelle leg ihr Wurzelzertifikat in den Ordner config/ca des Volumes.",
		Fixed:         "Das entscheidet die Konfiguration.",
		Leaves:        "An die Stelle gehen die Namen, die E-Mail-Adresse und die Internet-Adresse dieser Box. Was eine öffentliche Stelle ausstellt, wird veröffentlicht, mit den Namen.",
		Reach:         "Die Stelle fragt an Port 80 jedes Namens: Leite ihn zu Port 8080 der Box weiter.",
		Agree:         "Ich stimme den Bedingungen von %s zu", Terms: "Bedingungen lesen", TermsLater: "Die Stelle veröffentlicht ihre Bedingungen mit ihrem Verzeichnis.",
		Begun: "Die Bestellung läuft.",
	}
}

// germanOrderFault is germanFault for orders.
func germanOrderFault(code string) string {
	switch code {
	case "acme-unreachable":
		return "Die Stelle ist nicht zu erreichen. Sieh nach, ob die Box ins Internet darf und Namen nachgeschlagen werden, und ob die Adresse der Stelle stimmt."
	case "acme-untrusted":
		return "Niemand, dem die Box traut, bürgt für die Stelle. Für eine eigene leg ihr Wurzelzertifikat in DATA/config/ca oder nenn es in COFFER_ACME_ROOTS."
	case "acme-not-reached":
		return "Die Stelle hat unter dem Namen niemanden gefunden. Sie fragt an Port 80: Leite Port 80 des Routers und des Rechners zu Port 8080 der Box weiter, und lass keine Firewall dazwischen."
	case "acme-no-name":
		return "Die Stelle hat den Namen nicht gefunden. Gib ihm dort, wo er eingetragen ist, eine Adresse (A oder AAAA) und warte, bis sie bekannt ist."
	case "acme-elsewhere":
		return "Unter dem Namen antwortet an Port 80 etwas anderes als diese Box. Sieh nach, ob seine Adresse (auch die von IPv6) die dieser Box ist, und ob ein Proxy davor /.well-known/acme-challenge/ weiterreicht."
	case "acme-rejected":
		return "Die Stelle bürgt für diesen Namen nicht. Bestelle für andere oder bei einer anderen; ein CAA-Eintrag des Namens kann diese verbieten."
	case "acme-contact":
		return "Die Stelle nimmt die E-Mail-Adresse nicht. Gib eine andere an, oder keine."
	case "acme-limited":
		return "Die Stelle wurde zu oft gefragt und will eine Pause. Die Box fragt von selbst wieder, sobald sie darf."
	case "acme-refused":
		return "Die Stelle hat kein Zertifikat ausgestellt; was sie sagt, steht dabei. Bleibt es so, nimm eine andere."
	case "acme-unfit":
		return "Das Zertifikat, das die Stelle ausgestellt hat, ist nicht zu gebrauchen. Sieh nach, ob die Uhr dieses Rechners stimmt. Bleibt es so, nimm eine andere Stelle."
	case "acme-interrupted":
		return "Die Box wurde mitten in der Bestellung beendet. Sie versucht es von selbst wieder."
	case "acme-away":
		return "Der Weg der Box nach draußen antwortet nicht. Sie versucht es von selbst wieder; bleibt es so, sagt das Protokoll von egress, warum."
	case "acme-no-names":
		return "Es gibt keinen Namen, für den eine Stelle bürgen könnte. Gib der Box einen vollen Namen: unter Einstellungen, HTTPS, oder durch COFFER_PUBLIC_URL oder COFFER_ALLOWED_HOSTS."
	case "acme-bad-order":
		return "So lässt sich nichts bestellen. Gib volle Namen wie box.example.org, je Zeile einen, das Verzeichnis der Stelle als https-Adresse, und eine E-Mail-Adresse oder keine."
	case "acme-terms":
		return "Den Bedingungen der Stelle ist nicht zugestimmt. Lies sie, und stimm zu, wenn du das willst."
	case "acme-too-soon":
		return "Die Stelle wird jetzt noch nicht wieder gefragt: Wer zu oft fragt, wird ausgesperrt. Warte etwas."
	}
	return ""
}
