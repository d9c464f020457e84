package words

// Restore is the page on which a backup is put back.
type Restore struct {
	Title, Heading, Text         string
	Replaces                     string // what is there
	Code, CodeHint               string
	Key, KeyHint, File           string
	Start, Instead, Back         string
	Sending, Checking            string // while it goes on
	Done                         Plural // sources
	DoneText, Missing, SignIn    string
	WrongCode, NoKey, WrongKey   string
	NoFile, Damaged, NoBackup    string
	Full, Busy, Failed           string
	Newer                        string // %s: what the box says of it, in English
	Here                         string // %s: when it was made
	FromStorage                  string
	FromBackups, FromBackupsText string // on the page of backups

	// Of what was there before the last restore.
	Former, FormerText       string // %s: when it was laid aside
	PutBack, PutBackMeans    string
	PutBackDone, PutBackText string
	Forget, ForgetMeans      string
	ForgetNow, Keep, Forgot  string
}

func englishRestore() Restore {
	return Restore{
		Title: "Restore a backup", Heading: "Restore a backup",
		Text:     "The whole backup is read and checked first. Only then does it take the place of what is in the box, in one step; if anything is wrong with it, nothing changes.",
		Replaces: "What is in the box now is put aside in the folder “before” of the volume. Everybody is signed out, and keys of programs have to be made anew.",
		Code:     "Setup code", CodeHint: "It is in the container's log; “coffer setup-code” prints it again.",
		Key: "Recovery key or passphrase", KeyHint: "What the backup was sealed with.", File: "Backup file",
		Start: "Restore it", Instead: "Restore a backup instead", Back: "Set up a new box instead",
		Sending: "The backup is being sent and checked …", Checking: "The last of it is being checked …",
		Done:     Plural{"One source is restored", "%s sources are restored"},
		DoneText: "The box starts again with them, which takes a moment. Then sign in with the name and password of the backup.",
		Missing:  "Originals were missing when the backup was made; the page of backups says how many.", SignIn: "Sign in",
		WrongCode: "That is not the setup code.", NoKey: "Give the recovery key or the passphrase of the backup.", WrongKey: "This key does not open this backup.",
		NoFile: "Choose the backup file.", Damaged: "The backup is damaged. Nothing was changed; take another copy of it.",
		NoBackup: "This is no backup of Coffer. Nothing was changed.", Full: "There is not enough room on the volume for the backup. Nothing was changed.",
		Busy: "A backup is being made or read. Try again when it is done.", Failed: "It could not be put in place. Nothing was changed; the container's log says why.",
		Newer:       "%s Nothing was changed.",
		FromStorage: "Does it lie in your storage? On the machine of this box, “docker exec -it coffer coffer backup storage” and “coffer backup fetch” bring it here, and “coffer restore” puts it back.",
		Here:        "The backup of %s, which lies on the box, is put back.", FromBackups: "Restore", FromBackupsText: "A backup file can take the place of everything that is in the box.",

		Former: "Before the last restore", FormerText: "What was in the box before is still on the volume. It was put aside on %s.",
		PutBack: "Go back to it", PutBackMeans: "What is in the box now is put aside in its place, so that this can be undone too. Everybody is signed out, and keys of programs have to be made anew.",
		PutBackDone: "What was there before is back", PutBackText: "The box starts again with it, which takes a moment. Then sign in with the name and password of then.",
		Forget: "Delete it …", ForgetMeans: "The room that it takes becomes free, and there is no way back to it. What is in the box now stays.",
		ForgetNow: "Delete it for good", Keep: "Keep it", Forgot: "What was there before the last restore is deleted.",
	}
}

func germanRestore() Restore {
	return Restore{
		Title: "Sicherung zurückspielen", Heading: "Sicherung zurückspielen",
		Text:     "Zuerst wird die ganze Sicherung gelesen und geprüft. Erst dann tritt sie in einem Schritt an die Stelle dessen, was in der Box ist; stimmt etwas nicht, ändert sich nichts.",
		Replaces: "Was jetzt in der Box ist, wird im Ordner „before“ des Volumes beiseitegelegt. Alle werden abgemeldet, und Schlüssel von Programmen müssen neu erstellt werden.",
		Code:     "Einrichtungscode", CodeHint: "Er steht im Log des Containers; „coffer setup-code“ gibt ihn noch einmal aus.",
		Key: "Wiederherstellungsschlüssel oder Passphrase", KeyHint: "Womit die Sicherung versiegelt wurde.", File: "Sicherungsdatei",
		Start: "Zurückspielen", Instead: "Stattdessen eine Sicherung zurückspielen", Back: "Stattdessen eine neue Box einrichten",
		Sending: "Die Sicherung wird gesendet und geprüft …", Checking: "Der Rest wird geprüft …",
		Done:     Plural{"Eine Quelle ist wieder da", "%s Quellen sind wieder da"},
		DoneText: "Die Box startet damit neu; das dauert einen Moment. Melde dich dann mit Name und Passwort der Sicherung an.",
		Missing:  "Originale fehlten schon, als die Sicherung entstand; die Seite der Sicherungen sagt, wie viele.", SignIn: "Anmelden",
		WrongCode: "Das ist nicht der Einrichtungscode.", NoKey: "Gib den Wiederherstellungsschlüssel oder die Passphrase der Sicherung ein.", WrongKey: "Dieser Schlüssel öffnet diese Sicherung nicht.",
		NoFile: "Wähle die Sicherungsdatei.", Damaged: "Die Sicherung ist beschädigt. Nichts wurde geändert; nimm eine andere Kopie davon.",
		NoBackup: "Das ist keine Sicherung von Coffer. Nichts wurde geändert.", Full: "Auf dem Datenträger ist nicht genug Platz für die Sicherung. Nichts wurde geändert.",
		Busy: "Eine Sicherung entsteht gerade oder wird gelesen. Versuche es danach noch einmal.", Failed: "Sie konnte nicht eingesetzt werden. Nichts wurde geändert; das Log des Containers sagt, warum.",
		Newer:       "%s Nichts wurde geändert.",
		FromStorage: "Liegt sie in deinem Speicher? Auf dem Rechner dieser Box holen „docker exec -it coffer coffer backup storage“ und „coffer backup fetch“ sie hierher, und „coffer restore“ spielt sie zurück.",
		Here:        "Die Sicherung vom %s, die auf der Box liegt, wird zurückgespielt.", FromBackups: "Zurückspielen", FromBackupsText: "Eine Sicherungsdatei kann an die Stelle von allem treten, was in der Box ist.",

		Former: "Vor dem letzten Zurückspielen", FormerText: "Was vorher in der Box war, liegt noch auf dem Volume. Es wurde am %s beiseitegelegt.",
		PutBack: "Dahin zurückkehren", PutBackMeans: "Was jetzt in der Box ist, wird dafür beiseitegelegt; auch das lässt sich also rückgängig machen. Alle werden abgemeldet, und Schlüssel von Programmen müssen neu erstellt werden.",
		PutBackDone: "Was vorher da war, ist zurück", PutBackText: "Die Box startet damit neu; das dauert einen Moment. Melde dich dann mit Name und Passwort von damals an.",
		Forget: "Löschen …", ForgetMeans: "Der Platz, den es braucht, wird frei, und es gibt keinen Weg dahin zurück. Was jetzt in der Box ist, bleibt.",
		ForgetNow: "Endgültig löschen", Keep: "Behalten", Forgot: "Was vor dem letzten Zurückspielen da war, ist gelöscht.",
	}
}
