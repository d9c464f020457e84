package words

import "coffer/services/library"

func englishNotices() Notices {
	return Notices{
		Title:  "Notices",
		Text:   "When something harms the box while nobody looks, it can tell a program of yours: a topic of ntfy, which your phone shows, or any address that takes JSON.",
		Nobody: "Nobody is told of alarms. Nothing leaves the box.", Tells: "The box tells %s.", Locked: "The configuration decides who is told (COFFER_NOTIFY_URL).",
		Sent: "Last taken %s.", NeverSent: "Nothing has been sent yet.",
		Waiting: Plural{"%s notice waits to be sent.", "%s notices wait to be sent."}, Lost: Plural{"%s was lost, because too many waited.", "%s were lost, because too many waited."},
		Failing: "The last attempt failed: %s", NextTry: "It is tried again %s.",
		Who: "Who is told", Change: "Tell another address",
		Address: "Address", AddressHint: "It can hold a name and password (https://name:password@…) or a token. The box keeps it where init alone can read it, and shows only the host again. A machine of your own network is given by its address or its local name, such as 192.168.1.9 or ntfy.lan.",
		Kind:      "What answers there",
		NtfyTitle: "ntfy", NtfyText: "The address ends with the topic, as in https://ntfy.sh/my-topic.",
		WebhookTitle: "Webhook", WebhookText: "The address takes a POST with JSON: title, text, alarm, severity, at and box.",
		Save: "Tell this address", Remove: "Tell nobody", RemoveText: "“Tell nobody” forgets the address, and nothing is sent any more.", Test: "Send a test", TestText: "A test says that nothing is wrong.",
		Saved: "Notices go there now. Send a test to see that they arrive.", Removed: "Nobody is told any more.",
		Taken: "The test was taken (%d).", TakenSaid: "The test was taken (%d). The answer: %s", NotTaken: "The test was not taken: %s",
		What: "What is sent", WhatText: "Each alarm once when it begins and once when it ends: the disk is nearly full or full, a backup, its proof or its copy failed or is late, the certificate ends, ended or was not taken. What cannot be sent waits and is tried again, up to once an hour.",
		Never:   "No title, no search and no file name is ever in it.",
		Decided: "The configuration decides who is told. Change COFFER_NOTIFY_URL, or remove it to choose here.", BadAddress: "That is no address that can be sent to. It begins with https:// or http://, names a host, and has nothing after a #.",
		NoTopic: "The address names no topic. Add it after the host, as in https://ntfy.sh/my-topic.", OutOfReach: "Nothing is sent to this machine itself, to a link or to where clouds keep credentials. Give the address of another machine.",
		Begun: map[library.AlarmCode]string{
			library.AlarmDiskFull: "the disk is full", library.AlarmDiskLow: "the disk is nearly full",
			library.AlarmBackupFailed: "the last backup failed", library.AlarmCopyFailed: "a backup is not copied", library.AlarmBackupOverdue: "no backup for days",
			library.AlarmExpired: "the certificate has ended", library.AlarmExpires: "the certificate ends soon", library.AlarmUntaken: "a certificate is not presented",
		},
		Begins: map[library.AlarmCode]string{
			library.AlarmDiskFull:      "%s are free. Nothing can be added; what is there can be read and deleted. Free some space on the volume.",
			library.AlarmDiskLow:       "%s are free. Free some space on the volume before nothing can be added.",
			library.AlarmBackupFailed:  "The newest backup, or its proof, failed. Look at Settings, Backups.",
			library.AlarmBackupOverdue: "No backup has been proven for three days. Look at Settings, Backups.",
			library.AlarmCopyFailed:    "The last backup did not come into the storage, and is on the box's machine only. Look at Settings, Copies elsewhere.",
			library.AlarmExpired:       "It ended on %s. Browsers refuse to open the box over HTTPS. Look at Settings, HTTPS.",
			library.AlarmExpires:       "It ends on %s. Look at Settings, HTTPS.",
			library.AlarmUntaken:       "The certificate that should be presented is not. Settings, HTTPS says why.",
		},
		Ended: map[library.AlarmCode]string{
			library.AlarmDiskFull: "the disk has room again", library.AlarmDiskLow: "the disk has room again",
			library.AlarmBackupFailed: "backups work again", library.AlarmCopyFailed: "backups are copied again", library.AlarmBackupOverdue: "a backup is proven again",
			library.AlarmExpired: "the certificate is good again", library.AlarmExpires: "the certificate is renewed", library.AlarmUntaken: "the certificate is presented",
		},
		Ends: map[library.AlarmCode]string{
			library.AlarmDiskFull: "Documents can be added.", library.AlarmDiskLow: "Nothing needs to be done.",
			library.AlarmBackupFailed: "Nothing needs to be done.", library.AlarmCopyFailed: "Nothing needs to be done.", library.AlarmBackupOverdue: "Nothing needs to be done.",
			library.AlarmExpired: "Nothing needs to be done.", library.AlarmExpires: "Nothing needs to be done.", library.AlarmUntaken: "Nothing needs to be done.",
		},
		TestTitle: "Coffer: a test", TestNotice: "Nothing is wrong. This is how the box tells of alarms.", UnknownTitle: "something needs you", Reason: "Why: %s",
	}
}

func germanNotices() Notices {
	return Notices{
		Title:  "Nachrichten",
		Text:   "Wenn der Box etwas schadet, während niemand hinsieht, kann sie es einem Programm von dir sagen: einem Thema von ntfy, das dein Telefon zeigt, oder jeder Adresse, die JSON nimmt.",
		Nobody: "Niemand erfährt von Alarmen. Nichts verlässt die Box.", Tells: "Die Box sagt es %s.", Locked: "Die Konfiguration bestimmt, wer es erfährt (COFFER_NOTIFY_URL).",
		Sent: "Zuletzt angenommen %s.", NeverSent: "Noch wurde nichts gesendet.",
		Waiting: Plural{"%s Nachricht wartet.", "%s Nachrichten warten."}, Lost: Plural{"%s ging verloren, weil zu viele warteten.", "%s gingen verloren, weil zu viele warteten."},
		Failing: "Der letzte Versuch ist gescheitert: %s", NextTry: "Der nächste Versuch: %s.",
		Who: "Wer es erfährt", Change: "Einer anderen Adresse sagen",
		Address: "Adresse", AddressHint: "Sie kann Name und Passwort (https://name:passwort@…) oder ein Token enthalten. Die Box legt sie dorthin, wo nur init sie liest, und zeigt nur den Host wieder. Einen Rechner in deinem Netz nennst du mit seiner Adresse oder seinem lokalen Namen, etwa 192.168.1.9 oder ntfy.lan.",
		Kind:      "Was dort antwortet",
		NtfyTitle: "ntfy", NtfyText: "Die Adresse endet mit dem Thema, wie in https://ntfy.sh/mein-thema.",
		WebhookTitle: "Webhook", WebhookText: "Die Adresse nimmt ein POST mit JSON: title, text, alarm, severity, at und box.",
		Save: "Dieser Adresse sagen", Remove: "Niemandem sagen", RemoveText: "„Niemandem sagen“ vergisst die Adresse, und nichts wird mehr gesendet.", Test: "Probe senden", TestText: "Eine Probe sagt, dass nichts fehlt.",
		Saved: "Nachrichten gehen jetzt dorthin. Sende eine Probe, um zu sehen, dass sie ankommen.", Removed: "Niemand erfährt mehr davon.",
		Taken: "Die Probe wurde angenommen (%d).", TakenSaid: "Die Probe wurde angenommen (%d). Die Antwort: %s", NotTaken: "Die Probe wurde nicht angenommen: %s",
		What: "Was gesendet wird", WhatText: "Jeder Alarm einmal, wenn er beginnt, und einmal, wenn er endet: die Platte ist fast voll oder voll, eine Sicherung, ihr Nachweis oder ihre Kopie ist fehlgeschlagen oder überfällig, das Zertifikat endet, endete oder wird nicht gezeigt. Was sich nicht senden lässt, wartet und wird wieder versucht, bis zu einmal in der Stunde.",
		Never:   "Kein Titel, keine Suche und kein Dateiname steht je darin.",
		Decided: "Die Konfiguration bestimmt, wer es erfährt. Ändere COFFER_NOTIFY_URL, oder entferne es, um hier zu wählen.", BadAddress: "An diese Adresse lässt sich nichts senden. Sie beginnt mit https:// oder http://, nennt einen Host und hat nichts nach einem #.",
		NoTopic: "Die Adresse nennt kein Thema. Hänge es an den Host, wie in https://ntfy.sh/mein-thema.", OutOfReach: "An diesen Rechner selbst, an eine Verbindung und dorthin, wo Clouds Zugangsdaten halten, wird nichts gesendet. Nenne die Adresse eines anderen Rechners.",
		Begun: map[library.AlarmCode]string{
			library.AlarmDiskFull: "die Platte ist voll", library.AlarmDiskLow: "die Platte ist fast voll",
			library.AlarmBackupFailed: "die letzte Sicherung ist fehlgeschlagen", library.AlarmCopyFailed: "eine Sicherung wird nicht kopiert", library.AlarmBackupOverdue: "seit Tagen keine Sicherung",
			library.AlarmExpired: "das Zertifikat ist abgelaufen", library.AlarmExpires: "das Zertifikat endet bald", library.AlarmUntaken: "ein Zertifikat wird nicht gezeigt",
		},
		Begins: map[library.AlarmCode]string{
			library.AlarmDiskFull:      "%s sind frei. Nichts kann hinzukommen; was da ist, lässt sich lesen und löschen. Schaffe Platz auf dem Datenträger.",
			library.AlarmDiskLow:       "%s sind frei. Schaffe Platz auf dem Datenträger, bevor nichts mehr hinzukommen kann.",
			library.AlarmBackupFailed:  "Die neueste Sicherung oder ihr Nachweis ist fehlgeschlagen. Sieh unter Einstellungen, Sicherungen nach.",
			library.AlarmBackupOverdue: "Seit drei Tagen ist keine Sicherung geprüft. Sieh unter Einstellungen, Sicherungen nach.",
			library.AlarmCopyFailed:    "Die letzte Sicherung kam nicht in den Speicher und liegt nur auf dem Rechner der Box. Sieh unter Einstellungen, Kopien anderswo nach.",
			library.AlarmExpired:       "Es endete am %s. Browser weigern sich, die Box über HTTPS zu öffnen. Sieh unter Einstellungen, HTTPS nach.",
			library.AlarmExpires:       "Es endet am %s. Sieh unter Einstellungen, HTTPS nach.",
			library.AlarmUntaken:       "Das Zertifikat, das gezeigt werden sollte, wird es nicht. Einstellungen, HTTPS sagt, warum.",
		},
		Ended: map[library.AlarmCode]string{
			library.AlarmDiskFull: "die Platte hat wieder Platz", library.AlarmDiskLow: "die Platte hat wieder Platz",
			library.AlarmBackupFailed: "Sicherungen gelingen wieder", library.AlarmCopyFailed: "Sicherungen werden wieder kopiert", library.AlarmBackupOverdue: "eine Sicherung ist wieder geprüft",
			library.AlarmExpired: "das Zertifikat gilt wieder", library.AlarmExpires: "das Zertifikat ist erneuert", library.AlarmUntaken: "das Zertifikat wird gezeigt",
		},
		Ends: map[library.AlarmCode]string{
			library.AlarmDiskFull: "Dokumente können hinzukommen.", library.AlarmDiskLow: "Es ist nichts zu tun.",
			library.AlarmBackupFailed: "Es ist nichts zu tun.", library.AlarmCopyFailed: "Es ist nichts zu tun.", library.AlarmBackupOverdue: "Es ist nichts zu tun.",
			library.AlarmExpired: "Es ist nichts zu tun.", library.AlarmExpires: "Es ist nichts zu tun.", library.AlarmUntaken: "Es ist nichts zu tun.",
		},
		TestTitle: "Coffer: eine Probe", TestNotice: "Es fehlt nichts. So sagt die Box, wenn etwas ist.", UnknownTitle: "etwas braucht dich", Reason: "Warum: %s",
	}
}
