package words

// Box is the page on which the box shows how it keeps its claims, and its
// entry in the rail.
type Box struct {
	Title, Heading                                                string
	Claims, Hold, Partly, NeedYou, Later, Unseen                  Plural
	NotYet, Checked, Command                                      string
	Files, Processes, SignIn, Browser, Documents, Network         string
	Backups                                                       string
	StateHolds, StatePartly, StateBroken, StateLater, StateUnseen string
	Evidence, Against, Remedy                                     string
	RailHolds, RailPartly, RailBroken, RailUnseen                 string
}

// Claim is what is said of one claim.
type Claim struct{ Title, Text, Against, Remedy string }

// Claim returns a claim's words in the language. The box's own are English;
// a claim that was not translated keeps them.
func (w *Words) Claim(id string, own Claim) Claim {
	if w.Code != "de" {
		return own
	}
	if said := germanClaim(id); said.Title != "" {
		return said
	}
	return own
}

func englishBox() Box {
	return Box{
		Title: "Box", Heading: "How the box keeps its claims",
		Claims: Plural{"%s claim", "%s claims"}, Hold: Plural{"%s holds", "%s hold"},
		Partly:  Plural{"%s holds in part", "%s hold in part"},
		NeedYou: Plural{"%s needs you", "%s need you"}, Later: Plural{"%s comes later", "%s come later"},
		Unseen:  Plural{"%s has nothing to look at", "%s have nothing to look at"},
		NotYet:  "The box has not looked at itself yet. It does so a few seconds after its start.",
		Checked: "Looked at", Command: "In the container, the same is said by",
		Files: "Files and secrets", Processes: "Processes", SignIn: "Signing in", Browser: "The browser's side",
		Documents: "Documents", Network: "Going out", Backups: "Backups and exports",
		StateHolds: "Holds", StatePartly: "In part", StateBroken: "Needs you", StateLater: "Comes later", StateUnseen: "Nothing to look at",
		Evidence: "What was seen", Against: "Protects from", Remedy: "How to mend it",
		RailHolds: "sound", RailPartly: "limited", RailBroken: "needs you", RailUnseen: "unchecked",
	}
}

func germanBox() Box {
	return Box{
		Title: "Box", Heading: "Wie die Box hält, was sie verspricht",
		Claims: Plural{"%s Zusage", "%s Zusagen"}, Hold: Plural{"%s gilt", "%s gelten"},
		Partly:  Plural{"%s gilt zum Teil", "%s gelten zum Teil"},
		NeedYou: Plural{"%s braucht dich", "%s brauchen dich"}, Later: Plural{"%s kommt später", "%s kommen später"},
		Unseen:  Plural{"bei %s gibt es nichts zu sehen", "bei %s gibt es nichts zu sehen"},
		NotYet:  "Die Box hat noch nicht nach sich gesehen. Sie tut es einige Sekunden nach ihrem Start.",
		Checked: "Nachgesehen", Command: "Im Container sagt dasselbe",
		Files: "Dateien und Geheimnisse", Processes: "Prozesse", SignIn: "Anmeldung", Browser: "Im Browser",
		Documents: "Dokumente", Network: "Nach außen", Backups: "Sicherungen und Ausfuhren",
		StateHolds: "Gilt", StatePartly: "Zum Teil", StateBroken: "Braucht dich", StateLater: "Kommt später", StateUnseen: "Nichts zu sehen",
		Evidence: "Was zu sehen war", Against: "Schützt vor", Remedy: "Was zu tun ist",
		RailHolds: "in Ordnung", RailPartly: "begrenzt", RailBroken: "braucht dich", RailUnseen: "ungeprüft",
	}
}
