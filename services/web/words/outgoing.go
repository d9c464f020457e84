package words

// Outgoing is the page of what leaves the box.
type Outgoing struct {
	Title, Text                     string
	Nothing, NoMore, Some           string // how it is, in a sentence
	Purposes, Destinations, None    string
	SetUp, NotSetUp, Later          string
	Connected, Failed, Refused      string // of the last attempt
	Connections, Failures, Refusals Plural
	Sent, Received                  string // after a size
	Certificates, CertificatesText  string
	Addresses, AddressesText        string
	Webhooks, WebhooksText          string
	Storage, StorageText            string
}

// Purpose names what may be gone out for and says what that may reach. One that
// has no words here shows as it is.
func (w *Words) Purpose(name string) (title, text string) {
	o := w.Outgoing
	switch name {
	case "acme":
		return o.Certificates, o.CertificatesText
	case "fetch":
		return o.Addresses, o.AddressesText
	case "webhook":
		return o.Webhooks, o.WebhooksText
	case "s3":
		return o.Storage, o.StorageText
	}
	return name, ""
}

func englishOutgoing() Outgoing {
	return Outgoing{
		Title:    "Outgoing",
		Text:     "One service alone can open connections to other machines, and only for the purposes below. Every attempt is counted here.",
		Nothing:  "Nothing is set up that leaves the box, and nothing has left it.",
		NoMore:   "Nothing is set up any more that leaves the box.",
		Some:     "The box goes out only to what is listed here.",
		Purposes: "What the box may reach", Destinations: "What went where", None: "Nothing has been tried yet.",
		SetUp: "Set up", NotSetUp: "Not set up", Later: "Comes later",
		Connected: "Connected", Failed: "Failed", Refused: "Refused",
		Connections: Plural{"%s connection", "%s connections"}, Failures: Plural{"%s failed", "%s failed"}, Refusals: Plural{"%s refused", "%s refused"},
		Sent: "sent", Received: "received",
		Certificates: "Certificates", CertificatesText: "The authority that you name, for a certificate of the box (ACME).",
		Addresses: "Pages by address", AddressesText: "Public addresses only, for pages that you add by their address.",
		Webhooks: "Notices", WebhooksText: "The address that you name, to tell another program what happened.",
		Storage: "Backup storage", StorageText: "The storage that you name, for copies of backups (S3).",
	}
}

func germanOutgoing() Outgoing {
	return Outgoing{
		Title:    "Ausgehend",
		Text:     "Ein einziger Dienst kann Verbindungen zu anderen Rechnern öffnen, und nur für die Zwecke unten. Jeder Versuch wird hier gezählt.",
		Nothing:  "Nichts ist eingerichtet, das die Box verlässt, und nichts hat sie verlassen.",
		NoMore:   "Es ist nichts mehr eingerichtet, das die Box verlässt.",
		Some:     "Die Box geht nur zu dem hinaus, was hier steht.",
		Purposes: "Was die Box erreichen darf", Destinations: "Was wohin ging", None: "Noch wurde nichts versucht.",
		SetUp: "Eingerichtet", NotSetUp: "Nicht eingerichtet", Later: "Kommt später",
		Connected: "Verbunden", Failed: "Gescheitert", Refused: "Verweigert",
		Connections: Plural{"%s Verbindung", "%s Verbindungen"}, Failures: Plural{"%s gescheitert", "%s gescheitert"}, Refusals: Plural{"%s verweigert", "%s verweigert"},
		Sent: "gesendet", Received: "empfangen",
		Certificates: "Zertifikate", CertificatesText: "Die Stelle, die du nennst, für ein Zertifikat der Box (ACME).",
		Addresses: "Seiten nach Adresse", AddressesText: "Nur öffentliche Adressen, für Seiten, die du mit ihrer Adresse hinzufügst.",
		Webhooks: "Nachrichten", WebhooksText: "Die Adresse, die du nennst, um einem anderen Programm zu sagen, was geschah.",
		Storage: "Speicher für Sicherungen", StorageText: "Der Speicher, den du nennst, für Kopien von Sicherungen (S3).",
	}
}
