package words

// germanClaim says a claim of the box in German; empty for one it does not
// know.
func germanClaim(id string) Claim {
	switch id {
	case "file-manifest":
		return Claim{"Geschützte Dateien",
			"Seiten, Stile, Skripte und die Einstellungen des Eingangs sind genau die dieser Fassung und gehören root. Das wird bei jedem Start und alle paar Minuten geprüft; was geändert wurde, wird zurückgelegt, protokolliert und hier gezeigt.",
			"jemandem, der einen Fuß in der Tür hat und die Anmeldeseite ändert, um dein Passwort abzufangen",
			"Suche im Protokoll nach „protected file“. Hast du selbst nichts geändert, schreibt im Container etwas als root: Gib das Volume einem frischen Container desselben Images. Mit coffer doctor bestätigst du, dass du es gesehen hast. Lassen sich Dateien nicht zurücklegen, ist das Dateisystem nur lesbar oder gehört einem anderen."}
	case "data-ownership":
		return Claim{"Eigentümer auf dem Volume",
			"Das Volume und seine Geheimnisse gehören root, jedem Dienst nur seine eigenen Ordner. Ein Start bessert eine feste Liste von Pfaden aus, folgt keinem Verweis und durchläuft nie das Volume.",
			"einem übernommenen Dienst, der nach den Dateien anderer greift, und untergeschobenen Verweisen, die root woanders etwas ändern lassen",
			"Starte die Box neu: Sie bessert Eigentümer und Rechte ihrer Ordner aus. Ändern sie sich wieder, schreibt ein anderes Programm auf das Volume."}
	case "secrets-readers":
		return Claim{"Leser der Geheimnisse",
			"Jedes Geheimnis kann init lesen und der eine Dienst, der es braucht. Keines steht in der Umgebung oder den Argumenten eines Dienstes.",
			"einem Leck durch ps, docker inspect, einen Absturzbericht oder einen anderen Dienst",
			"Gib Geheimnisse als Dateien: COFFER_SECRET_KEY_FILE und COFFER_SETUP_CODE_FILE statt der Namen ohne _FILE. Bei falschem Eigentümer oder falschen Rechten starte die Box neu."}
	case "process-identity":
		return Claim{"Ein Benutzer für jeden Dienst",
			"Eingang, API, Arbeiter, Leser und der eine Dienst, der hinausgeht, laufen als verschiedene Benutzer ohne weitere Gruppen, ohne jedes Sonderrecht, und können nie eines gewinnen.",
			"einem übernommenen Dienst, der mit den Rechten eines anderen oder von root handelt",
			"Starte den Container als root mit seinen üblichen Sonderrechten, damit init jedem Dienst einen eigenen Benutzer geben kann. Es behält wenige und gibt keine weiter."}
	case "sandbox-worker":
		return Claim{"Der Sandkasten des Arbeiters",
			"Der Arbeiter öffnet keine Datei des Volumes, keine Verbindung ins Netz, nimmt keine an und startet kein Programm. Ein Auftrag reicht nur zu seinem Dokument.",
			"einem Dokument, das an seinem Leser vorbeikommt und den Rest der Bibliothek will",
			"Nimm einen Kernel mit Landlock (5.13 oder neuer, beim Start eingeschaltet)."}
	case "sandbox-parser":
		return Claim{"Der Sandkasten des Lesers",
			"Jedes Dokument liest ein eingesperrter Prozess ohne Netz und ohne Dateien, mit Grenzen für Speicher, Rechenzeit, Ausgabe und Geduld. Was auch schiefgeht, kostet dieses eine Dokument.",
			"Dokumenten, die ihren Leser abstürzen lassen, erschöpfen oder übernehmen sollen",
			"Nimm einen Kernel mit Landlock (5.13 oder neuer, beim Start eingeschaltet)."}
	case "supervisor-control":
		return Claim{"Befehle an die Box",
			"Nur root kann init befehlen oder ohne das alte ein neues Passwort setzen, und der Kernel bürgt dafür, wer fragt. Dafür gibt es kein Passwort, das bekannt werden könnte.",
			"einem übernommenen Dienst, der andere anhält oder die Box jemand anderem gibt",
			"Starte die Box neu, sie legt ihre Sockets dann neu an. Starte sie als root, damit ihre Dienste nicht der Benutzer sind, der ihr befiehlt."}
	case "edge-only":
		return Claim{"Ein Weg hinein",
			"Die API lauscht an keinem Netzanschluss. Wer du bist, gilt nur aus dem Mund des Eingangs, belegt mit einem Merkmal, das jeder Start neu macht; alles andere wird abgewiesen.",
			"Anfragen, die sich mit eigenen Kopfzeilen für dich ausgeben",
			"Starte die Box neu. Hält die API eine Verbindung ins Netz, ist sie nicht das gebaute Programm: Hol das Image neu."}
	case "setup-code":
		return Claim{"Der Einrichtungscode",
			"Wer die Box in Besitz nimmt, braucht den einmaligen Code aus dem Protokoll des Containers.",
			"einem Fremden, der die neue Box vor dir öffnet",
			"Schließ die Einrichtung jetzt ab oder entferne COFFER_SETUP_OPEN."}
	case "password-storage":
		return Claim{"Das gespeicherte Passwort",
			"Dein Passwort liegt als bcrypt-Hash mit Kosten 12 auf dem Volume und kann 8 bis 1.024 Zeichen haben. Ein falscher Name wird so langsam abgewiesen wie ein falsches Passwort.",
			"einem gestohlenen Volume, das dein Passwort verrät, und dem Erraten des richtigen Namens",
			"Ändere das Passwort in den Einstellungen, dann wird es neu gespeichert."}
	case "brute-force":
		return Claim{"Raten",
			"Ein Gerät kann sich 5-mal in der Minute falsch anmelden. Nach 10 Fehlversuchen warten Fremde 1, dann 5, dann 15 Minuten, auch über einen Neustart hinweg. Ein Browser, den du benutzt hast, wird von ihnen nie ausgesperrt.",
			"dem Erraten deines Passworts und dem Aussperren durch Raten",
			"Nimm ein langes Passwort; es hält auch ohne diese Grenzen. Werden die Zähler nicht behalten, schaff Platz auf dem Datenträger und sieh ins Protokoll der API."}
	case "client-address":
		return Claim{"Wer ein Gerät ist",
			"Ein Gerät ist, woher die TCP-Verbindung kommt, oder für wen ein von dir genannter Proxy bürgt. Eine Kopfzeile, die anderes sagt, ändert nichts.",
			"dem Umgehen von Grenzen, indem sich einer für viele ausgibt",
			"Starte die Box neu, sie legt die Einstellungen des Eingangs dann zurück."}
	case "sessions":
		return Claim{"Sitzungen",
			"Eine Sitzung ist ein unterschriebenes Merkmal in einem Cookie, das Skripte nicht lesen können. Sie endet nach 30 Tagen ohne Gebrauch und spätestens nach 90. Sie lässt sich einzeln oder mit allen anderen beenden, und keine zurückgespielte Sicherung belebt sie wieder.",
			"gestohlenen oder gefälschten Cookies und Sitzungen, die ihr Ende überdauern",
			"Starte die Box neu, und schaff Platz auf ihrem Datenträger, wenn er voll ist. Um jede Sitzung zu beenden, wähle Überall abmelden unter Einstellungen, Konto."}
	case "csrf":
		return Claim{"Anfragen fremder Seiten",
			"Eine Anfrage, zu der eine fremde Seite deinen Browser bringt, ändert nichts, auch das Abmelden nicht.",
			"einer feindlichen Seite, die in deinem Namen handelt, während du angemeldet bist",
			"Hol das Image neu und starte neu; steht ein Proxy davor, lass ihn Origin und Sec-Fetch-Site unverändert durchreichen."}
	case "host-header":
		return Claim{"Namen der Box",
			"Die Box hört auf ihre Adresse, auf lokale Namen und auf die, die du genannt hast. Jedem anderen antwortet sie 421; vor der Einrichtung erreicht ein solcher Name nur die Einrichtungsseite, die nach dem Code fragt.",
			"einem feindlichen Namen, der auf deine Box zeigt, um die Mauern deines Browsers zu umgehen (DNS-Rebinding)",
			"Entferne Namen, die nicht deine sind, aus COFFER_ALLOWED_HOSTS und aus den Einstellungen unter Zugang."}
	case "headers":
		return Claim{"Anweisungen an den Browser",
			"Jede Antwort weist den Browser an, nichts Eingestreutes und nichts von anderswo auszuführen, keine Art zu raten, sich nicht einrahmen zu lassen, und was er anderen nicht sagt.",
			"Text eines Dokuments, der in deinem Browser zu Programm wird",
			"Starte die Box neu, sie legt die Einstellungen des Eingangs dann zurück; ein Proxy davor soll diese Kopfzeilen lassen, wie sie sind."}
	case "tls":
		return Claim{"HTTPS",
			"HTTPS ist aus, mit einem Zertifikat der Box selbst, mit deinem oder mit einem, das die Box bei einer Stelle bestellt (ACME); gesprochen werden TLS 1.2 und 1.3. Ein schlechtes Zertifikat wird abgewiesen, bevor es gilt, und umgestellt und erneuert wird im laufenden Betrieb; was auch misslingt, das vorige gilt weiter. Dass ein Name nur über HTTPS geöffnet wird, erfahren Browser erst, wenn du es bestätigst, und dass es nicht mehr gilt, wenn du es zurücknimmst.",
			"Mitlesen und Ändern im Netz",
			"Wähle eines unter Einstellungen, HTTPS, oder durch COFFER_TLS, oder stell einen Proxy mit Zertifikat davor. Ein Zertifikat, das abgewiesen wurde oder bald endet, muss dort erneuert werden, woher es kommt; Einstellungen, HTTPS, und das Protokoll sagen, was damit nicht stimmt. Für ein bestelltes muss Port 80 seines Namens zu Port 8080 der Box führen."}
	case "api-keys":
		return Claim{"API-Schlüssel",
			"API-Schlüssel liegen als Hash vor, haben Rechte und ein Ende, lassen sich sofort widerrufen und beginnen mit cfr_, damit man erkennt, wenn einer auftaucht. Keiner kann Passwort, Schlüssel oder Sitzungen ändern; ein neues Passwort beendet sie alle.",
			"dem Schlüssel eines Skripts, der mehr öffnet, als es braucht, oder es überlebt",
			"Widerrufe Schlüssel, die du nicht kennst, in den Einstellungen unter Schlüssel. Um alle zu beenden, ändere das Passwort. Öffnet ein beendeter noch etwas, hol das Abbild neu und starte neu."}
	case "service-token":
		return Claim{"Dienstmarke",
			"In der Datei DATA/service-token liegt ein Schlüssel für deine eigenen Skripte, der lesen und hinzufügen darf. Nur der Benutzer der API und root können sie lesen; der Schlüssel endet nach 90 Tagen, wird nach 60 ersetzt und lässt sich sofort beenden oder abschalten.",
			"Passwörtern in Skripten und einem Schlüssel, den andere auf dem Rechner lesen können",
			"Entferne, was bei DATA/service-token liegt, und starte die Box neu; lass in den Einstellungen unter Schlüssel einen anderen machen, falls ihn jemand gelesen haben kann."}
	case "dev-mode":
		return Claim{"Entwicklungsmodus",
			"Der Entwicklungsmodus liest Seiten vom Datenträger und protokolliert mehr, sonst nichts, und ohne ausdrückliche Bestätigung startet die Box nicht mit ihm.",
			"einem Schalter, der aus Versehen anbleibt", "Entferne COFFER_DEV_MODE und starte neu."}
	case "content-type":
		return Claim{"Was eine Datei ist",
			"Was eine Datei ist, sagen ihre Bytes, nicht ihr Name. Originale kommen als Download zurück oder in einem eigenen Sandkasten, nie als tätiger Inhalt der Box.",
			"einer Seite, die wie ein Bild heißt und in deinem Browser als Teil der Box läuft", ""}
	case "archives":
		return Claim{"Archive",
			"Archive öffnet ein einziger sorgfältiger Auspacker: nichts außerhalb seines Ordners, keine Verweise, und Grenzen für Zahl, Größe, Verhältnis, Tiefe und Zeit, die auch für Archive in Archiven gelten.",
			"Archivbomben und Archiven, die schreiben, wo sie nicht sollen", ""}
	case "inbox":
		return Claim{"Der Eingangsordner",
			"Durch den Eingangsordner kommt nichts herein, was außerhalb liegt, und nichts halb Geschriebenes.",
			"Verweisen im Ordner, die zu anderen Dateien führen", ""}
	case "mini-apps":
		return Claim{"Kleine Anwendungen",
			"Eine Anwendung läuft getrennt von der Box, mit einem kurzen Merkmal, das zu ihrem Speicher reicht und zu dem, was du erlaubt hast.",
			"einer Anwendung, die mehr liest, als du ihr gegeben hast", ""}
	case "no-egress":
		return Claim{"Nichts geht hinaus",
			"Ein einziger Dienst, egress, kann Verbindungen ins Netz öffnen, und der Eingang kann keine nach außen aufbauen. Egress nimmt nichts an, öffnet nichts vom Datenträger und geht nur zu Zwecken hinaus, die du eingestellt hast; jedes Ziel wird gezählt und gezeigt. Ist nichts eingestellt, schickt die Box von sich aus kein Paket, nicht einmal eine DNS-Frage.",
			"deinen Dokumenten, die die Box verlassen, durch einen Fehler oder durch jemanden, der hineinkam",
			"Nimm einen Kernel mit Landlock 4 (6.7 oder neuer). Ist hier eine Verbindung genannt, halte die Box an und behalte ihr Protokoll."}
	case "fetch-ssrf":
		return Claim{"Seiten holen",
			"Eine Seite wird nur von öffentlichen Adressen geholt, genau von der Adresse, die geprüft wurde, und bei jedem Sprung neu geprüft. Größe, Zeit und Art sind begrenzt. Seiten über ihre Adresse hinzuzufügen kommt später; die Regel gilt schon.",
			"einem Verweis, der die Box in dein eigenes Netz sehen lässt",
			"Lade das Abbild neu: Das ist nicht das Programm, das gebaut wurde."}
	case "vault":
		return Claim{"Schlüssel von Anbietern",
			"Schlüssel und Marken von Anbietern sind versiegelt, wo sie liegen.",
			"einem gestohlenen Volume, das Konten anderswo verrät", ""}
	case "backup-sealed":
		return Claim{"Versiegelte Sicherungen",
			"Eine Sicherung ist verschlüsselt und verbürgt. Eine veränderte, abgeschnittene oder fremde wird abgewiesen, bevor sich etwas ändert.",
			"einer gestohlenen oder untergeschobenen Sicherung", "Lösche die genannten Sicherungen, lade das Abbild neu und lege eine neue an."}
	case "backup-proven":
		return Claim{"Erprobte Sicherungen",
			"Die letzte Sicherung wurde wieder geöffnet, neben der Box zurückgespielt und verglichen. Wo du Kopien machen lässt, kam sie in deinen Speicher und wurde dort verglichen.",
			"einer Sicherung, die sich im Ernstfall nicht zurückspielen lässt oder mit dem Rechner verloren ging",
			"Öffne Einstellungen, Sicherungen und Kopien anderswo: Dort steht, warum die letzte fehlschlug. Schaffe Platz, wenn der Datenträger voll ist, und lege eine neue an."}
	case "diagnostics-clean":
		return Claim{"Saubere Ausfuhren",
			"Eine Ausfuhr zur Fehlersuche enthält, was auf einer Liste steht, und wurde nach jedem Geheimnis der Box durchsucht, bevor du sie bekommst, und noch einmal, als sie fertig war.",
			"dem Weitergeben von Geheimnissen, wenn du um Hilfe bittest",
			"Erstelle keine Diagnosedatei, bis das wieder gilt: Starte die Box neu und lade das Abbild neu, wenn es so bleibt."}
	case "logs-clean":
		return Claim{"Saubere Protokolle",
			"Geheimnisse sind von einer Art, die sich nicht ausgeben lässt, und Anfragen werden ohne Suchworte, Cookies und Inhalt protokolliert.",
			"einem Geheimnis oder einer Suche, die im Protokoll landet und mit ihm weitergegeben wird",
			"Lösche die genannte Protokolldatei und ersetze das Geheimnis: Entferne es aus dem Ordner der Geheimnisse auf dem Volume und starte neu."}
	}
	return Claim{}
}
