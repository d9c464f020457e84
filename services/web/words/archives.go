package words

// Archives are what is said of archives and of what came in one.
type Archives struct {
	Contents            string
	Count               Plural // files
	Added, Known, LeftN Plural
	LeftMeans           string
	HadIt, Gone         string // of a member
	Matching            string // %s of %s files have the words in their path
	ShowAll             string
	Earlier, Later      string
	From                string // %s: the archive
	FromTitle           string
	DeleteMeans         string
	DeleteWith          Plural // documents that came in with it
	DeleteWithMeans     string
	Processing, Stopped string
	FailedText          string
	Failed              map[string]string // by code; of itself the box speaks English
	Left                map[string]string // by code
}

func englishArchives() Archives {
	return Archives{
		Contents: "What is in it", Count: Plural{"%s file", "%s files"},
		Added: Plural{"%s came in", "%s came in"}, Known: Plural{"%s was here already", "%s were here already"}, LeftN: Plural{"%s left out", "%s left out"},
		LeftMeans: "What was left out is not lost: it lies in the archive's original.",
		HadIt:     "was here already", Gone: "no longer in the library",
		Matching: "%s of %s files have these words in their path.", ShowAll: "Show all",
		Earlier: "Earlier files", Later: "More files",
		From: "in %s", FromTitle: "From archive",
		DeleteMeans: "The archive's original leaves the box, and with it what was left out of it. This cannot be undone.",
		DeleteWith:  Plural{"Also delete the %s document that came in with it", "Also delete the %s documents that came in with it"}, DeleteWithMeans: "Without this they stay in the library. What was here before stays in any case.",
		Processing: "Its files come in one after another and are read as they do. You can leave this page.",
		Stopped:    "It was stopped. What had come in stays; the rest lies in the original, which is safe in the box.",
		FailedText: "The archive itself is safe in the box, and so is what came in before.",
		Left: map[string]string{
			"unsupported": "This kind of file is not read.",
			"archive":     "An archive that is not taken apart here.",
			"no_text":     "It is empty.",
			"encrypted":   "Locked with a password.",
			"malformed":   "Damaged.", "damaged": "Damaged.",
			"too_large": "Larger than one document may be.",
			"depth":     "It lies in too many archives inside each other, or is too large for one inside. Add it by itself.",
			"name":      "Its name leads elsewhere or is no file's.",
			"duplicate": "There is another one of the same name.",
			"link":      "It is a link.", "special": "It is no ordinary file.",
			"unknown": "Packed in a way that is not read.",
			"package": "A CCX package: import it in Settings, under Export and import.",
		},
	}
}

func germanArchives() Archives {
	return Archives{
		Contents: "Was darin ist", Count: Plural{"%s Datei", "%s Dateien"},
		Added: Plural{"%s kam herein", "%s kamen herein"}, Known: Plural{"%s war schon da", "%s waren schon da"}, LeftN: Plural{"%s ausgelassen", "%s ausgelassen"},
		LeftMeans: "Ausgelassenes ist nicht verloren: Es liegt im Original des Archivs.",
		HadIt:     "war schon da", Gone: "nicht mehr in der Bibliothek",
		Matching: "%s von %s Dateien haben diese Wörter im Pfad.", ShowAll: "Alle zeigen",
		Earlier: "Frühere Dateien", Later: "Weitere Dateien",
		From: "in %s", FromTitle: "Aus Archiv",
		DeleteMeans: "Das Original des Archivs verlässt die Box und mit ihm, was darin ausgelassen wurde. Das lässt sich nicht rückgängig machen.",
		DeleteWith:  Plural{"Auch das %s Dokument löschen, das damit hereinkam", "Auch die %s Dokumente löschen, die damit hereinkamen"}, DeleteWithMeans: "Sonst bleiben sie in der Bibliothek. Was vorher da war, bleibt immer.",
		Processing: "Seine Dateien kommen nacheinander herein und werden dabei gelesen. Du kannst die Seite verlassen.",
		Stopped:    "Es wurde angehalten. Was hereinkam, bleibt; der Rest liegt im Original, sicher in der Box.",
		FailedText: "Das Archiv selbst liegt sicher in der Box, und was vorher hereinkam, auch.",
		Failed: map[string]string{
			"encrypted":   "Das Archiv ist mit einem Passwort gesperrt. Packe es selbst aus und füge hinzu, was darin ist.",
			"malformed":   "Das Archiv ist beschädigt oder abgeschnitten, und nichts darin lässt sich lesen. Besorge es noch einmal und füge das hinzu.",
			"damaged":     "Das Archiv ist beschädigt oder abgeschnitten. Was vor dieser Stelle liegt, kam herein; der Rest nicht.",
			"no_text":     "Das Archiv ist leer.",
			"unsupported": "Das ist kein Archiv, das sich auspacken lässt.",
			"too_large":   "Aus dem Archiv kommen mehr als 16 GiB, das Meiste, was Coffer aus einem nimmt. Verteile seine Dateien auf mehrere Archive und füge die hinzu.",
			"members":     "Im Archiv sind mehr als 50.000 Dateien, die meisten, die Coffer aus einem nimmt. Verteile sie auf mehrere Archive und füge die hinzu.",
			"bomb":        "Aus dem Archiv kommt mehr als das 250-Fache seiner Größe, wie aus einem, das einen Datenträger füllen soll. Es wurde angehalten. Vertraust du ihm, packe es selbst aus und füge hinzu, was darin ist.",
			"timeout":     "Das Auspacken dauerte zu lange und wurde angehalten. Verteile die Dateien auf mehrere Archive und füge die hinzu.",
			"memory":      "Das Auspacken braucht mehr Speicher, als es darf. Packe das Archiv selbst aus und füge hinzu, was darin ist.",
			"crashed":     "Das Archiv brachte den Auspacker zu Fall, wohl weil es beschädigt ist. Sonst ist nichts betroffen. Packe es selbst aus und füge hinzu, was darin ist.",
			"no_room":     "Für die Dateien im Archiv ist nicht genug Platz. Schaff Platz und versuch es noch einmal, oder packe es selbst aus und füge hinzu, was du brauchst.",
		},
		Left: map[string]string{
			"unsupported": "Diese Art Datei wird nicht gelesen.",
			"archive":     "Ein Archiv, das hier nicht ausgepackt wird.",
			"no_text":     "Sie ist leer.",
			"encrypted":   "Mit einem Passwort gesperrt.",
			"malformed":   "Beschädigt.", "damaged": "Beschädigt.",
			"too_large": "Größer, als ein Dokument sein darf.",
			"depth":     "Sie liegt in zu vielen Archiven ineinander oder ist zu groß für eines darin. Füge sie für sich hinzu.",
			"name":      "Ihr Name führt woandershin oder ist keiner einer Datei.",
			"duplicate": "Es gibt noch eine gleichen Namens.",
			"link":      "Es ist ein Verweis.", "special": "Es ist keine gewöhnliche Datei.",
			"unknown": "Auf eine Art gepackt, die nicht gelesen wird.",
			"package": "Ein CCX-Paket: Importiere es in den Einstellungen unter „Ausfuhr und Einfuhr“.",
		},
	}
}
