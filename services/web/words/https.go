package words

// HTTPS is the part of Settings about how the box is served, and with which
// certificate.
type HTTPS struct {
	Title              string
	On                 string // %s: a port
	OnLeads            string // %s: a port, %s: an address
	Off, OffProxied    string
	NotServed          string
	OpenSecure         string
	OpenHint           string // %s: a port
	Uncovered          string // %s: a name
	Done, DoneOff      string
	NotTaken           string
	Moved, MovedText   string
	SignInAgain        string
	Certificate        string
	From, For, Issuer  string
	Valid, Fingerprint string
	ByBox, ByUpload    string
	ByFolder           string // %s: a folder
	ByFiles            string
	Until              string // %s: a date, %s: how long
	Left               Plural // days
	Ended              string // %s: a date

	Authority, AuthorityText string
	AuthorityPlain           string
	Download                 string
	Install                  string
	Windows, WindowsText     string
	Apple, AppleText         string
	Phone, PhoneText         string
	Android, AndroidText     string
	Firefox, FirefoxText     string
	Linux, LinuxText         string

	Choose               string
	Locked               string // %s: a mode
	OffWay, OffWayText   string
	OwnWay, OwnWayText   string
	UploadWay            string
	UploadWayText        string
	FolderWay            string
	FolderWayText        string // %s: a folder
	FilesWay             string
	Names, NamesHint     string
	NamesFixed           string // %s: names
	Chain, Key           string
	ChainHint, KeyHint   string
	Paste                string
	ChainText, KeyText   string
	Kept                 string // %s: names, %s: a date
	Leads                string // %s: an address
	Apply, Unchanged     string
	Switching, Meanwhile string

	Only                         string
	OnlyText                     string // %s: a name
	OnlySure                     string // %s: a name
	OnlyBelow                    string // %s: a name
	OnlyBelowText                string
	OnlyPreload, OnlyPreloadText string
	OnlyTell, OnlyTakeBack       string
	OnlyUnsure, OnlyElsewhere    string
	OnlyHeld, OnlyWithBelow      string
	OnlyPreloaded                string
	OnlyBack                     string // %s: a date, %s: a date
	OnlyUnheard                  string // %s: names
	OnlyDone, OnlyBackDone       string
}

// Mode names where the certificate comes from. One that has no words here shows
// as it is.
func (w *Words) Mode(mode string) string {
	switch mode {
	case "off":
		return w.HTTPS.OffWay
	case "self-signed":
		return w.HTTPS.OwnWay
	case "uploaded":
		return w.HTTPS.UploadWay
	case "folder":
		return w.HTTPS.FolderWay
	case "files":
		return w.HTTPS.FilesWay
	case "acme":
		return w.Order.Way
	}
	return mode
}

// HTTPSFault says why a change of HTTPS is refused. The box speaks English of
// it, in detail; other languages say it by its code, and fall back to what the
// box said.
func (w *Words) HTTPSFault(code, message, hint string) string {
	said := ""
	if w.Code == "de" {
		said = germanFault(code)
	}
	switch {
	case said != "":
		return said
	case hint == "":
		return message
	}
	return message + " " + hint
}

func englishHTTPS() HTTPS {
	return HTTPS{
		Title:      "HTTPS",
		On:         "HTTPS is on, at port %s. Plain HTTP stays open beside it.",
		OnLeads:    "HTTPS is on, at port %s. Pages over plain HTTP lead to %s.",
		Off:        "HTTPS is off. Whoever is on the way between this browser and the box can read your password and every document.",
		OffProxied: "HTTPS of the box itself is off. This browser reaches it over HTTPS all the same, through a proxy.",
		NotServed:  "HTTPS should be on, and is not.",
		OpenSecure: "Open over HTTPS",
		OpenHint:   "You sign in once more there. The container has to publish port %s; where it does so under another number, use that one.",
		Uncovered:  "You opened the box under %s, and the certificate is not for that name: browsers warn there.",
		Done:       "Done. The certificate below is the one that browsers get now.", DoneOff: "Done. HTTPS is off.",
		NotTaken: "Another certificate should be presented, and is not:",
		Moved:    "HTTPS is switched", MovedText: "The box is served at another address now. Go on there:",
		SignInAgain: "HTTPS was switched. Sign in once more: a browser keeps apart what belongs to HTTP and what belongs to HTTPS.",
		Certificate: "The certificate", From: "Comes from", For: "Is for", Issuer: "Issued by", Valid: "Valid", Fingerprint: "SHA-256",
		ByBox: "the box's own authority; the box renews it", ByUpload: "you, handed in here", ByFolder: "the folder %s, looked at every minute", ByFiles: "the files that the configuration names",
		Until: "until %s, %s", Left: Plural{"%s day left", "%s days left"}, Ended: "ended on %s",

		Authority: "Have your devices trust it",
		AuthorityText: "Browsers warn of a certificate of the box's own until the device trusts the authority that signed it. Install its certificate once on each device. " +
			"Its key stays in the box; whoever took the box over could pose as other websites to these devices.",
		AuthorityPlain: "This page came over plain HTTP, and so would the download: do this in a network that you trust.",
		Download:       "Download the authority's certificate", Install: "Where to install it",
		Windows: "Windows", WindowsText: "Open the file, Install Certificate, Local Machine, and place it in Trusted Root Certification Authorities.",
		Apple: "Mac", AppleText: "Open the file with Keychain Access, find it there, and set Trust to Always Trust.",
		Phone: "iPhone, iPad", PhoneText: "Download it with Safari, install the profile in Settings, then switch it on in General, About, Certificate Trust Settings.",
		Android: "Android", AndroidText: "In Settings search for CA certificate, and install the file as one.",
		Firefox: "Firefox", FirefoxText: "Firefox takes those of Windows and Mac. Elsewhere: Settings, Privacy & Security, View Certificates, Authorities, Import, for websites.",
		Linux: "Linux", LinuxText: "Copy it to /usr/local/share/ca-certificates, then run update-ca-certificates. Chrome and Chromium have a list of their own: Settings, Security, Manage certificates.",

		Only:     "HTTPS only",
		OnlyText: "Tell browsers that %s is opened over HTTPS only. Each one that hears it keeps to that for a year, at every port of that name: what is served there over plain HTTP no longer opens in it, and a warning about a certificate can no longer be passed over.",
		OnlySure: "Everything that I open under %s is served over HTTPS", OnlyBelow: "The same goes for all names that end in .%s",
		OnlyBelowText: "Also for those of other machines.",
		OnlyPreload:   "Browsers may bring it along", OnlyPreloadText: "For the list that browsers ship with, which you hand the name in to yourself; it takes the names below, and months to get off.",
		OnlyTell: "Tell browsers", OnlyTakeBack: "Take back", OnlyUnsure: "Nothing is told to browsers unless you are sure of it. Tick the box if it is so.",
		OnlyElsewhere: "Browsers can be told to open the box over HTTPS only. Open this page over HTTPS, under the full name that you want to say it of, such as box.example.org.",
		OnlyHeld:      "told to every browser, for a year", OnlyWithBelow: "with all names below it", OnlyPreloaded: "may be brought along",
		OnlyBack:    "Taken back on %s. Browsers that open the box there until %s hear of it.",
		OnlyUnheard: "A browser that has not opened the box over HTTPS since this was taken back does not open it without: %s.",
		OnlyDone:    "Done. Browsers that open the box under this name are told so.", OnlyBackDone: "Taken back. Open the box here once more in each browser that uses it, before you turn HTTPS off.",

		Choose: "How the box is served",
		Locked: "COFFER_TLS decides this (%s). Remove it from the configuration and start the box again to choose here.",
		OffWay: "No HTTPS", OffWayText: "For a proxy in front that serves HTTPS, or a network that is yours alone.",
		OwnWay: "A certificate of the box's own", OwnWayText: "Works at once, for names and addresses of any kind. Browsers warn until your devices trust the box's authority.",
		UploadWay: "Your certificate", UploadWayText: "It is looked at before it is used; what is wrong with it changes nothing.",
		FolderWay: "Your certificate, from a folder", FolderWayText: "For programs that renew it: put fullchain.pem and privkey.pem into %s. The box looks there every minute.",
		FilesWay: "Files that the configuration names",
		Names:    "Names and addresses it is for", NamesHint: "One on each line: those under which browsers open the box.",
		NamesFixed: "Besides these, by configuration: %s",
		Chain:      "Certificate with its chain", Key: "Its private key",
		ChainHint: "PEM, usually fullchain.pem.", KeyHint: "PEM without a passphrase, usually privkey.pem. It can be replaced here, and never read again.",
		Paste: "Paste the texts instead", ChainText: "Text of the certificate", KeyText: "Text of the key",
		Kept:  "There is one, for %s, until %s. Without another it is used again.",
		Leads: "From then on pages over plain HTTP lead to %s. Be sure that browsers reach the box there.",
		Apply: "Apply", Unchanged: "Nothing was changed. What is wrong stands below.",
		Switching: "The box tries the new configuration, then takes it up. This takes a few seconds.",
		Meanwhile: "The box runs on meanwhile. An upload that takes more than ten seconds longer has to be sent again.",
	}
}

func germanHTTPS() HTTPS {
	return HTTPS{
		Title:      "HTTPS",
		On:         "HTTPS ist an, auf Port %s. Einfaches HTTP bleibt daneben offen.",
		OnLeads:    "HTTPS ist an, auf Port %s. Seiten über einfaches HTTP führen zu %s.",
		Off:        "HTTPS ist aus. Wer zwischen diesem Browser und der Box mithört, kann dein Passwort und jedes Dokument lesen.",
		OffProxied: "Das HTTPS der Box selbst ist aus. Dieser Browser erreicht sie trotzdem über HTTPS, durch einen Proxy.",
		NotServed:  "HTTPS soll an sein und ist es nicht.",
		OpenSecure: "Über HTTPS öffnen",
		OpenHint:   "Dort meldest du dich noch einmal an. Der Container muss Port %s freigeben; tut er es unter einer anderen Nummer, nimm diese.",
		Uncovered:  "Du hast die Box unter %s geöffnet, und das Zertifikat gilt nicht für diesen Namen: Browser warnen dort.",
		Done:       "Erledigt. Das Zertifikat unten bekommen Browser jetzt.", DoneOff: "Erledigt. HTTPS ist aus.",
		NotTaken: "Ein anderes Zertifikat soll gezeigt werden und wird es nicht:",
		Moved:    "HTTPS ist umgestellt", MovedText: "Die Box ist jetzt unter einer anderen Adresse zu erreichen. Dort geht es weiter:",
		SignInAgain: "HTTPS wurde umgestellt. Melde dich noch einmal an: Ein Browser hält auseinander, was zu HTTP und was zu HTTPS gehört.",
		Certificate: "Das Zertifikat", From: "Kommt von", For: "Gilt für", Issuer: "Ausgestellt von", Valid: "Gültig", Fingerprint: "SHA-256",
		ByBox: "der eigenen Stelle der Box; die Box erneuert es", ByUpload: "dir, hier übergeben", ByFolder: "dem Ordner %s, jede Minute angesehen", ByFiles: "den Dateien, die die Konfiguration nennt",
		Until: "bis %s, %s", Left: Plural{"noch %s Tag", "noch %s Tage"}, Ended: "endete am %s",

		Authority: "Lass deine Geräte ihm vertrauen",
		AuthorityText: "Browser warnen vor einem Zertifikat der Box, bis das Gerät der Stelle vertraut, die es unterschrieben hat. Installiere deren Zertifikat einmal auf jedem Gerät. " +
			"Ihr Schlüssel bleibt in der Box; wer die Box übernähme, könnte sich diesen Geräten gegenüber als andere Website ausgeben.",
		AuthorityPlain: "Diese Seite kam über einfaches HTTP, und so käme auch die Datei: Tu es in einem Netz, dem du vertraust.",
		Download:       "Zertifikat der Stelle herunterladen", Install: "Wo es zu installieren ist",
		Windows: "Windows", WindowsText: "Datei öffnen, Zertifikat installieren, Lokaler Computer, und unter Vertrauenswürdige Stammzertifizierungsstellen ablegen.",
		Apple: "Mac", AppleText: "Datei mit der Schlüsselbundverwaltung öffnen, dort suchen und Vertrauen auf Immer vertrauen stellen.",
		Phone: "iPhone, iPad", PhoneText: "Mit Safari laden, das Profil in den Einstellungen installieren, dann unter Allgemein, Info, Zertifikatsvertrauenseinstellungen einschalten.",
		Android: "Android", AndroidText: "In den Einstellungen nach CA-Zertifikat suchen und die Datei als solches installieren.",
		Firefox: "Firefox", FirefoxText: "Firefox übernimmt die von Windows und Mac. Sonst: Einstellungen, Datenschutz & Sicherheit, Zertifikate anzeigen, Zertifizierungsstellen, Importieren, für Websites.",
		Linux: "Linux", LinuxText: "Nach /usr/local/share/ca-certificates kopieren, dann update-ca-certificates ausführen. Chrome und Chromium haben eine eigene Liste: Einstellungen, Sicherheit, Zertifikate verwalten.",

		Only:     "Nur HTTPS",
		OnlyText: "Sag Browsern, dass %s nur über HTTPS geöffnet wird. Jeder, der es hört, hält sich ein Jahr daran, auf jedem Port dieses Namens: Was dort über einfaches HTTP läuft, öffnet er nicht mehr, und eine Warnung vor einem Zertifikat lässt sich nicht mehr übergehen.",
		OnlySure: "Alles, was ich unter %s öffne, läuft über HTTPS", OnlyBelow: "Das gilt auch für alle Namen, die auf .%s enden",
		OnlyBelowText: "Auch für die anderer Rechner.",
		OnlyPreload:   "Browser dürfen es mitbringen", OnlyPreloadText: "Für die Liste, mit der Browser ausgeliefert werden und bei der du den Namen selbst anmeldest; es braucht die Namen darunter, und Monate, um wieder herunterzukommen.",
		OnlyTell: "Browsern sagen", OnlyTakeBack: "Zurücknehmen", OnlyUnsure: "Browsern wird nichts gesagt, dessen du nicht sicher bist. Setz den Haken, wenn es so ist.",
		OnlyElsewhere: "Browsern lässt sich sagen, dass sie die Box nur über HTTPS öffnen. Öffne diese Seite über HTTPS, unter dem vollen Namen, für den das gelten soll, etwa box.example.org.",
		OnlyHeld:      "wird jedem Browser gesagt, für ein Jahr", OnlyWithBelow: "mit allen Namen darunter", OnlyPreloaded: "darf mitgebracht werden",
		OnlyBack:    "Zurückgenommen am %s. Browser, die die Box dort bis zum %s öffnen, erfahren es.",
		OnlyUnheard: "Ein Browser, der die Box nicht mehr über HTTPS geöffnet hat, seit das zurückgenommen wurde, öffnet sie ohne nicht: %s.",
		OnlyDone:    "Erledigt. Browsern, die die Box unter diesem Namen öffnen, wird es gesagt.", OnlyBackDone: "Zurückgenommen. Öffne die Box hier noch einmal in jedem Browser, der sie benutzt, bevor du HTTPS ausschaltest.",

		Choose: "Wie die Box erreichbar ist",
		Locked: "Das entscheidet COFFER_TLS (%s). Nimm es aus der Konfiguration und starte die Box neu, um hier zu wählen.",
		OffWay: "Kein HTTPS", OffWayText: "Für einen Proxy davor, der HTTPS spricht, oder ein Netz, das dir allein gehört.",
		OwnWay: "Ein eigenes Zertifikat der Box", OwnWayText: "Geht sofort, für Namen und Adressen jeder Art. Browser warnen, bis deine Geräte der Stelle der Box vertrauen.",
		UploadWay: "Dein Zertifikat", UploadWayText: "Es wird geprüft, bevor es gilt; stimmt daran etwas nicht, ändert sich nichts.",
		FolderWay: "Dein Zertifikat, aus einem Ordner", FolderWayText: "Für Programme, die es erneuern: Leg fullchain.pem und privkey.pem in %s. Die Box sieht jede Minute dort nach.",
		FilesWay: "Dateien, die die Konfiguration nennt",
		Names:    "Namen und Adressen, für die es gilt", NamesHint: "Je Zeile eine: die, unter denen Browser die Box öffnen.",
		NamesFixed: "Außerdem durch die Konfiguration: %s",
		Chain:      "Zertifikat mit seiner Kette", Key: "Sein privater Schlüssel",
		ChainHint: "PEM, meist fullchain.pem.", KeyHint: "PEM ohne Passwort, meist privkey.pem. Er lässt sich hier ersetzen und nie wieder lesen.",
		Paste: "Stattdessen die Texte einfügen", ChainText: "Text des Zertifikats", KeyText: "Text des Schlüssels",
		Kept:  "Es gibt eines, für %s, bis %s. Ohne ein anderes gilt es wieder.",
		Leads: "Von da an führen Seiten über einfaches HTTP zu %s. Stell sicher, dass Browser die Box dort erreichen.",
		Apply: "Übernehmen", Unchanged: "Es wurde nichts geändert. Was nicht stimmt, steht unten.",
		Switching: "Die Box probiert die neue Konfiguration und übernimmt sie dann. Das dauert einige Sekunden.",
		Meanwhile: "Die Box läuft derweil weiter. Was länger als zehn Sekunden noch übertragen wird, ist noch einmal zu senden.",
	}
}

// germanFault says a fault of a change of HTTPS in German; empty for one it
// does not know.
func germanFault(code string) string {
	switch code {
	case "no-certificate":
		return "Hier ist kein Zertifikat in PEM-Form. Gib das Zertifikat mit seiner Kette, meist fullchain.pem."
	case "no-key":
		return "Hier ist kein Schlüssel in PEM-Form. Gib den privaten Schlüssel des Zertifikats, meist privkey.pem."
	case "too-large":
		return "Das ist zu groß. Gib das Zertifikat und die Zwischenzertifikate, die zu seiner Stelle führen, und sonst nichts."
	case "form":
		return "Das ist kein PEM-Text. Aus DER: openssl x509 -inform der -in CERT -out cert.pem. Aus PKCS #12: openssl pkcs12 -in DATEI -nokeys -out cert.pem, und mit -nocerts -nodes -out key.pem."
	case "unreadable":
		return "Das lässt sich nicht lesen. Kopiere die Datei noch einmal, ganz und wie sie ist."
	case "key-encrypted":
		return "Der Schlüssel ist mit einem Passwort verschlüsselt, und beim Start kann die Box niemanden fragen. Nimm es heraus: openssl pkey -in KEY -out key.pem."
	case "key-kind", "key-size":
		return "Diesen Schlüssel nehmen Browser nicht. Bestelle ein Zertifikat mit einem Schlüssel ECDSA P-256, oder RSA mit mindestens 2048 Bit."
	case "signature":
		return "Es ist auf eine Art unterschrieben, der Browser nicht mehr trauen. Bestelle ein neues; heutige Stellen unterschreiben mit SHA-256."
	case "mismatch":
		return "Der Schlüssel ist nicht der dieses Zertifikats. Gib den, mit dem es bestellt wurde; beide werden zusammen ersetzt."
	case "order":
		return "Die Zertifikate stehen nicht in der richtigen Folge: zuerst das Zertifikat, dann je das, das das vorige unterschrieben hat."
	case "chain":
		return "In der Kette unterschreibt eines das vorige nicht. Gib sie, wie die Stelle sie ausgibt, meist fullchain.pem, und lass andere weg."
	case "no-names":
		return "Das Zertifikat nennt keinen Namen und keine Adresse (subjectAltName); woanders sehen Browser nicht nach. Bestelle eines mit den Namen der Box."
	case "usage":
		return "Das ist kein Zertifikat für einen Webserver. Bestelle eines dafür."
	case "early":
		return "Das Zertifikat gilt noch nicht. Stell die Uhr dieses Rechners, oder warte."
	case "expired":
		return "Das Zertifikat ist abgelaufen. Erneuere es, oder stell die Uhr dieses Rechners."
	case "missing":
		return "Im Ordner ist kein Zertifikat mit Schlüssel. Leg die Dateien selbst hinein, keine Verweise: fullchain.pem und privkey.pem."
	case "bad-mode":
		return "So kann die Box nicht erreichbar sein. Wähle eine der angebotenen Arten."
	case "decided":
		return "Das entscheidet die Konfiguration. Nimm COFFER_TLS heraus und starte die Box neu, um hier zu wählen."
	case "no-upload":
		return "Es wurde noch kein Zertifikat übergeben. Wähle das Zertifikat und seinen Schlüssel."
	case "bad-name":
		return "Dieser Name lässt sich nicht auf HTTPS festlegen. Öffne die Box über HTTPS unter einem vollen Namen."
	case "bad-names":
		return "Für einen der Einträge kann kein Zertifikat gelten, oder es sind zu viele. Gib Namen wie box.example.org und Adressen wie 192.168.1.5, je Zeile eine."
	case "pinned":
		return "Browser haben sich gemerkt, dass ein Name nur über HTTPS geöffnet wird, und würden die Box ohne HTTPS nicht öffnen. Nimm das zuerst zurück."
	case "uncovered":
		return "Browser haben sich gemerkt, dass ein Name nur über HTTPS geöffnet wird, und das Zertifikat gilt nicht für ihn. Nimm eines dafür, oder nimm das zurück."
	case "elsewhere":
		return "Das wird dort bestätigt, wo es gilt: über HTTPS, unter dem Namen selbst."
	case "port":
		return "Auf dem Port für HTTPS kann die Box nicht lauschen; ein anderes Programm benutzt ihn, oder er ist verboten. COFFER_LISTEN_TLS legt einen anderen fest."
	case "not-served":
		return "Der Eingang hat die Änderung nicht übernommen, und alles ist wie zuvor. Sieh im Protokoll von nginx nach."
	}
	return germanOrderFault(code)
}
