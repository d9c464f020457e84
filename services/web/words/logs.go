package words

// Logs is the page of what the box said.
type Logs struct {
	Title, Heading                string
	Text, Open                    string // in Settings
	Services, All                 string
	Level                         string
	Every, Info, Warnings, Errors string // levels to choose from
	Contains, Show, Follow        string
	Lines, None, Gap              string
	Where, Command                string
}

func englishLogs() Logs {
	return Logs{
		Title: "Logs", Heading: "Logs",
		Text: "What the services of the box said, for when something went wrong.", Open: "Open the logs",
		Services: "Services", All: "All services", Level: "Level",
		Every: "Every line", Info: "Without debugging", Warnings: "Warnings and errors", Errors: "Errors only",
		Contains: "Only lines with", Show: "Show", Follow: "Follow",
		Lines: "Latest lines, the newest at the end", None: "There is no such line.", Gap: "Lines are missing here.",
		Where: "The log of the container has these lines too, and the volume keeps more of them in the folder logs.", Command: "In a terminal:",
	}
}

func germanLogs() Logs {
	return Logs{
		Title: "Protokolle", Heading: "Protokolle",
		Text: "Was die Dienste der Box gesagt haben, für den Fall, dass etwas schiefging.", Open: "Protokolle öffnen",
		Services: "Dienste", All: "Alle Dienste", Level: "Stufe",
		Every: "Jede Zeile", Info: "Ohne Fehlersuche", Warnings: "Warnungen und Fehler", Errors: "Nur Fehler",
		Contains: "Nur Zeilen mit", Show: "Zeigen", Follow: "Mitlesen",
		Lines: "Die letzten Zeilen, die neueste am Ende", None: "Eine solche Zeile gibt es nicht.", Gap: "Hier fehlen Zeilen.",
		Where: "Das Protokoll des Containers hat diese Zeilen auch, und auf dem Datenträger liegen mehr davon im Ordner logs.", Command: "Im Terminal:",
	}
}
