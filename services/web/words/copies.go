package words

// Copies is the page of copies of backups in storage.
type Copies struct {
	Title, Text                           string
	Nowhere, To                           string // %s: host, bucket and folder
	Latest, NotYet                        string // %s: when
	Working, Looking                      string // %s: when the backup was made
	Failing, NextTry                      string // %s: why; %s: when
	Where, Change, Setup                  string
	Endpoint, EndpointHint                string
	Bucket, Region, RegionHint            string
	Prefix, PrefixHint                    string
	Style, InPath, InPathText             string
	InHost, InHostText                    string
	AccessKey, Secret, KeysHint           string
	Save, Test, TestText, Stop, StopText  string
	Saved, Stopped, Kept, Fetching        string
	Works, Fails                          string // %s: why
	Keep, KeepText, KeepField, KeepHint   string
	KeepSave, KeepBad                     string
	There, ThereText, List, None          string
	ThisBox, OtherBox, Here               string // %s: the id of a box
	Fetch, FetchOne                       string // %s: when it was made
	Coming, Came, NotCome                 string // %s: when it was made; why
	ToBackups, Also, Brought, ToCopies    string // Also: %s: a host
	Rescue, RescueText                    string
	FromBackups                           string
	BadEndpoint, OutOfReach               string
	BadRegion, BadBucket, BadPrefix       string
	BadKey, BadSecret                     string
	Key, NoRemoval, NoBucket, OtherRegion string // what a storage answered, and what to do
	Clock, Untrusted, Unreachable, Slow   string
	Refused, Full, Gone, Differs, Busy    string
	OnBox                                 string
}

// CopyFault says what is wrong with what was typed of a storage; what has no words
// here shows as it is.
func (w *Words) CopyFault(code, message string) string {
	c := w.Copies
	said := map[string]string{
		"endpoint": c.BadEndpoint, "region": c.BadRegion, "bucket": c.BadBucket, "prefix": c.BadPrefix, "access_key": c.BadKey, "secret": c.BadSecret,
		"unreachable": c.OutOfReach,
	}
	if text := said[code]; text != "" {
		return text
	}
	return message
}

// CopyAnswer says what came of going to the storage.
func (w *Words) CopyAnswer(code, message string) string {
	c := w.Copies
	said := map[string]string{
		"key": c.Key, "no_removal": c.NoRemoval, "no_bucket": c.NoBucket, "region": c.OtherRegion, "clock": c.Clock, "untrusted": c.Untrusted,
		"unreachable": c.Unreachable, "timeout": c.Slow, "refused": c.Refused, "full": c.Full, "gone": c.Gone, "differs": c.Differs, "busy": c.Busy,
		"here": c.OnBox, "disk_full": w.Backups.Full,
	}
	if text := said[code]; text != "" {
		return text
	}
	return message
}

func englishCopies() Copies {
	return Copies{
		Title:   "Copies elsewhere",
		Text:    "A backup on the same disk is lost with the disk. The box can copy each one to S3-compatible storage: of a provider, or on another machine of yours. What it copies is sealed; the storage cannot read it.",
		Nowhere: "No copies are made. Nothing leaves the box.", To: "Copies go to %s",
		Latest: "The latest was there and compared %s.", NotYet: "There is no copy yet. The next proven backup is copied.",
		Working: "Being copied: the backup of %s", Looking: "Looking what is to be copied",
		Failing: "The last attempt failed: %s", NextTry: "It is tried again %s, and goes on where it stopped.",
		Where: "Where copies go", Change: "Copy to another storage", Setup: "Set up a storage",
		Endpoint: "Endpoint", EndpointHint: "The address of the storage without the bucket, such as https://s3.eu-central-1.amazonaws.com. A machine of your own network is given by its address or its local name, such as http://192.168.1.9:9000.",
		Bucket: "Bucket", Region: "Region", RegionHint: "Empty where the storage has none.",
		Prefix: "Folder in the bucket", PrefixHint: "May be empty. Several boxes can share one: each removes only its own copies.",
		Style: "Where the bucket stands", InPath: "In the path", InPathText: "host/bucket: nearly every storage takes it.",
		InHost: "In the host", InHostText: "bucket.host: where the storage asks for it.",
		AccessKey: "Access key", Secret: "Secret key",
		KeysHint: "They must be allowed to list, read, write and delete in this bucket, and need no other right. The box keeps them where init alone can read them, and shows them to nobody again.",
		Save:     "Copy to this storage", Test: "Test", TestText: "A test puts a small object there, reads it back and removes it.",
		Stop: "Copy no more", StopText: "“Copy no more” forgets the storage and its keys. What lies there stays.",
		Saved: "Backups are copied there now. Test it to see that it works.", Stopped: "No copies are made any more.", Kept: "That many copies stay from now on.",
		Fetching: "The copy is being brought back.",
		Works:    "It works: a small object was put there, read back and removed.", Fails: "It does not work: %s",
		Keep: "How many stay", KeepText: "After each copy the oldest ones of this box are removed. The newest that was compared always stays, and so does what this box did not put there.",
		KeepField: "Copies that stay", KeepHint: "From 1 to 1,000; 0 keeps all.", KeepSave: "Keep that many", KeepBad: "That is no number from 0 to 1,000.",
		There: "What is in the storage", ThereText: "A copy that is brought back stands among the backups, and can be restored from there.", List: "List what is there", None: "There is no copy in the storage.",
		ThisBox: "of this box", OtherBox: "of the box %s", Here: "on the box too",
		Fetch: "Bring back", FetchOne: "Bring back the copy of %s",
		Coming: "Being brought back: the copy of %s", Came: "The copy of %s is back among the backups.", NotCome: "The copy of %s did not come back: %s",
		ToBackups: "All backups", Also: "also at %s", Brought: "brought back", ToCopies: "Copies elsewhere",
		Rescue: "When the box is lost", RescueText: "On a new, empty box “coffer backup storage” takes these same details, “coffer backup list --remote” shows what is there, and “coffer backup fetch” brings one back to be restored with your recovery key. Keep the details of the storage where you keep that key.",
		FromBackups: "Backups can be copied to storage off this machine, after each one was proven.",
		BadEndpoint: "That is no address of a storage. It begins with https:// or http://, names a host, and has nothing after it.",
		OutOfReach:  "Nothing is sent to this machine itself, to a link or to where clouds keep credentials. Give the address of another machine.",
		BadRegion:   "That is no region. Give it as the storage names it, such as eu-central-1, or leave it empty.",
		BadBucket:   "That is no name of a bucket: it has 3 to 63 small letters, digits, hyphens and dots. One with dots stands in the path.",
		BadPrefix:   "That is no folder: use letters, digits, hyphens and underscores, with / between folders, or leave it empty.",
		BadKey:      "That is no access key. Paste it as the storage shows it, without spaces.", BadSecret: "That is no secret key. Paste it as the storage showed it when it was made, without spaces.",
		Key:         "the storage does not take the keys, or they may not do this. Compare them with what the storage shows, and let them list, read, write and delete in this bucket.",
		NoRemoval:   "copies can be put there, and these keys may remove none. Let them delete objects, or keep all copies and have the storage remove old ones.",
		NoBucket:    "the storage has no such bucket. Make it there, or correct its name here.",
		OtherRegion: "the bucket is in another region, or the storage leads elsewhere, which is not followed. Give the region and the endpoint that the storage names for it.",
		Clock:       "the clocks of the box and of the storage differ by too much. Set that of the machine on which the box runs.",
		Untrusted:   "the certificate of the storage is not trusted. If it is of an authority of your own, put that authority's certificate into /data/config/ca.",
		Unreachable: "nobody answers as a storage there. Compare the endpoint with what the storage names, its port and https or http too, and see that the box's network leads there.",
		Slow:        "the storage took too long to answer. See to its network, and to that of the box.",
		Refused:     "the endpoint leads to an address that nothing is sent to. Give a public name, or a local one for a machine of your own network.",
		Full:        "the storage is full. Make room there, or keep fewer copies.",
		Gone:        "the storage has no such copy any more. List what is there again.",
		Differs:     "the storage gives other bytes than it got. See to it: a damaged copy is replaced by the next try, and another one can be brought back.",
		Busy:        "another copy is being made or brought back. Try again when it is done.",
		OnBox:       "this backup is on the box already.",
	}
}

func germanCopies() Copies {
	return Copies{
		Title:   "Kopien anderswo",
		Text:    "Eine Sicherung auf derselben Platte geht mit der Platte verloren. Die Box kann jede in einen S3-Speicher kopieren: bei einem Anbieter oder auf einem anderen Rechner von dir. Was sie kopiert, ist versiegelt; der Speicher kann es nicht lesen.",
		Nowhere: "Es werden keine Kopien gemacht. Nichts verlässt die Box.", To: "Kopien gehen nach %s",
		Latest: "Die neueste war dort und verglichen %s.", NotYet: "Es gibt noch keine Kopie. Die nächste geprüfte Sicherung wird kopiert.",
		Working: "Wird kopiert: die Sicherung vom %s", Looking: "Sieht nach, was zu kopieren ist",
		Failing: "Der letzte Versuch ist gescheitert: %s", NextTry: "Der nächste Versuch: %s. Er geht dort weiter, wo der letzte aufhörte.",
		Where: "Wohin Kopien gehen", Change: "In einen anderen Speicher kopieren", Setup: "Einen Speicher einrichten",
		Endpoint: "Endpunkt", EndpointHint: "Die Adresse des Speichers ohne den Bucket, etwa https://s3.eu-central-1.amazonaws.com. Einen Rechner in deinem Netz nennst du mit seiner Adresse oder seinem lokalen Namen, etwa http://192.168.1.9:9000.",
		Bucket: "Bucket", Region: "Region", RegionHint: "Leer, wo der Speicher keine hat.",
		Prefix: "Ordner im Bucket", PrefixHint: "Darf leer sein. Mehrere Boxen können sich einen teilen: jede entfernt nur ihre eigenen Kopien.",
		Style: "Wo der Bucket steht", InPath: "Im Pfad", InPathText: "host/bucket: das nimmt fast jeder Speicher.",
		InHost: "Im Host", InHostText: "bucket.host: wo der Speicher es verlangt.",
		AccessKey: "Zugriffsschlüssel", Secret: "Geheimer Schlüssel",
		KeysHint: "Sie müssen in diesem Bucket auflisten, lesen, schreiben und löschen dürfen und brauchen sonst kein Recht. Die Box legt sie dorthin, wo nur init sie liest, und zeigt sie niemandem wieder.",
		Save:     "In diesen Speicher kopieren", Test: "Probieren", TestText: "Eine Probe legt etwas Kleines hin, liest es zurück und entfernt es.",
		Stop: "Nicht mehr kopieren", StopText: "„Nicht mehr kopieren“ vergisst den Speicher und seine Schlüssel. Was dort liegt, bleibt.",
		Saved: "Sicherungen werden jetzt dorthin kopiert. Probiere, ob es geht.", Stopped: "Es werden keine Kopien mehr gemacht.", Kept: "So viele Kopien bleiben ab jetzt.",
		Fetching: "Die Kopie wird zurückgeholt.",
		Works:    "Es geht: etwas Kleines wurde hingelegt, zurückgelesen und entfernt.", Fails: "Es geht nicht: %s",
		Keep: "Wie viele bleiben", KeepText: "Nach jeder Kopie werden die ältesten dieser Box entfernt. Die neueste, die verglichen wurde, bleibt immer, und auch, was diese Box nicht dorthin gelegt hat.",
		KeepField: "Kopien, die bleiben", KeepHint: "Von 1 bis 1.000; 0 behält alle.", KeepSave: "So viele behalten", KeepBad: "Das ist keine Zahl von 0 bis 1.000.",
		There: "Was im Speicher liegt", ThereText: "Eine zurückgeholte Kopie steht bei den Sicherungen und lässt sich von dort zurückspielen.", List: "Zeigen, was dort liegt", None: "Im Speicher liegt keine Kopie.",
		ThisBox: "von dieser Box", OtherBox: "von der Box %s", Here: "auch auf der Box",
		Fetch: "Zurückholen", FetchOne: "Die Kopie vom %s zurückholen",
		Coming: "Wird zurückgeholt: die Kopie vom %s", Came: "Die Kopie vom %s ist wieder bei den Sicherungen.", NotCome: "Die Kopie vom %s kam nicht zurück: %s",
		ToBackups: "Alle Sicherungen", Also: "auch bei %s", Brought: "zurückgeholt", ToCopies: "Kopien anderswo",
		Rescue: "Wenn die Box verloren ist", RescueText: "Auf einer neuen, leeren Box nimmt „coffer backup storage“ dieselben Angaben, „coffer backup list --remote“ zeigt, was dort liegt, und „coffer backup fetch“ holt eine Kopie zurück, die sich mit deinem Wiederherstellungsschlüssel zurückspielen lässt. Bewahre die Angaben zum Speicher dort auf, wo du diesen Schlüssel aufbewahrst.",
		FromBackups: "Sicherungen können in einen Speicher außerhalb dieses Rechners kopiert werden, sobald sie geprüft sind.",
		BadEndpoint: "Das ist keine Adresse eines Speichers. Sie beginnt mit https:// oder http://, nennt einen Host und hat nichts danach.",
		OutOfReach:  "An diesen Rechner selbst, an eine Verbindung und dorthin, wo Clouds Zugangsdaten halten, wird nichts gesendet. Nenne die Adresse eines anderen Rechners.",
		BadRegion:   "Das ist keine Region. Gib sie an, wie der Speicher sie nennt, etwa eu-central-1, oder lass sie leer.",
		BadBucket:   "Das ist kein Name eines Buckets: er hat 3 bis 63 kleine Buchstaben, Ziffern, Bindestriche und Punkte. Einer mit Punkten steht im Pfad.",
		BadPrefix:   "Das ist kein Ordner: nimm Buchstaben, Ziffern, Binde- und Unterstriche, mit / zwischen Ordnern, oder lass es leer.",
		BadKey:      "Das ist kein Zugriffsschlüssel. Füge ihn ein, wie der Speicher ihn zeigt, ohne Leerzeichen.", BadSecret: "Das ist kein geheimer Schlüssel. Füge ihn ein, wie der Speicher ihn beim Anlegen zeigte, ohne Leerzeichen.",
		Key:         "der Speicher nimmt die Schlüssel nicht, oder sie dürfen das nicht. Vergleiche sie mit dem, was der Speicher zeigt, und lass sie in diesem Bucket auflisten, lesen, schreiben und löschen.",
		NoRemoval:   "Kopien lassen sich hinlegen, aber diese Schlüssel dürfen keine entfernen. Lass sie löschen, oder behalte alle Kopien und lass den Speicher alte entfernen.",
		NoBucket:    "der Speicher hat keinen solchen Bucket. Lege ihn dort an, oder berichtige hier seinen Namen.",
		OtherRegion: "der Bucket liegt in einer anderen Region, oder der Speicher führt anderswohin, dem nicht gefolgt wird. Gib die Region und den Endpunkt an, die der Speicher dafür nennt.",
		Clock:       "die Uhren der Box und des Speichers gehen zu weit auseinander. Stelle die des Rechners, auf dem die Box läuft.",
		Untrusted:   "dem Zertifikat des Speichers wird nicht vertraut. Ist es von einer eigenen Stelle, lege deren Zertifikat nach /data/config/ca.",
		Unreachable: "dort antwortet niemand als Speicher. Vergleiche den Endpunkt mit dem, was der Speicher nennt, auch Port und https oder http, und sieh nach, ob das Netz der Box dorthin führt.",
		Slow:        "der Speicher brauchte zu lange für eine Antwort. Sieh nach seinem Netz und nach dem der Box.",
		Refused:     "der Endpunkt führt zu einer Adresse, an die nichts gesendet wird. Nenne einen öffentlichen Namen, oder einen lokalen für einen Rechner in deinem Netz.",
		Full:        "der Speicher ist voll. Schaffe dort Platz, oder behalte weniger Kopien.",
		Gone:        "der Speicher hat diese Kopie nicht mehr. Lass dir noch einmal zeigen, was dort liegt.",
		Differs:     "der Speicher gibt andere Bytes zurück, als er bekam. Sieh nach ihm: eine beschädigte Kopie wird beim nächsten Versuch ersetzt, und eine andere lässt sich zurückholen.",
		Busy:        "eine andere Kopie wird gerade gemacht oder zurückgeholt. Versuche es danach noch einmal.",
		OnBox:       "diese Sicherung ist schon auf der Box.",
	}
}
