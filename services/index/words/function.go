package words

// The bits of the languages, by their place in Languages.
const (
	en uint16 = 1 << iota
	de
	fr
	es
	it
	pt
	nl
	sv
	ru
)

// functionWord returns the bits of the languages in which a folded word is an
// article, a pronoun, a preposition or the like.
func functionWord(w string) uint16 {
	switch w {
	case "about", "after", "all", "although", "and", "any", "are", "be", "because", "been", "before",
		"being", "between", "both", "but", "by", "can", "could", "did", "does", "doing", "during", "each",
		"either", "from", "further", "has", "have", "having", "he", "her", "here", "hers", "him", "his",
		"how", "if", "into", "it", "its", "itself", "just", "may", "might", "more", "most", "must", "my",
		"neither", "nor", "not", "off", "once", "only", "or", "other", "our", "ours", "out", "own", "same",
		"shall", "she", "should", "since", "some", "such", "than", "that", "the", "their", "theirs", "them",
		"then", "there", "these", "they", "this", "those", "through", "thus", "to", "too", "until", "up",
		"upon", "us", "we", "were", "what", "when", "where", "whether", "which", "while", "who", "whom",
		"whose", "why", "with", "within", "without", "would", "yet", "you", "your", "yours":
		return en
	case "ab", "aber", "allem", "allen", "aller", "ander", "anderen", "auch", "auf", "aus", "bei", "beim",
		"bin", "bis", "bist", "damit", "dann", "dass", "dein", "denn", "deshalb", "dich", "dies", "diese",
		"diesem", "diesen", "dieser", "dieses", "dir", "dort", "durch", "ein", "eine", "einem", "einen",
		"einer", "eines", "etwas", "euch", "euer", "fur", "gegen", "gewesen", "hab", "habe", "haben", "hat",
		"hatte", "hatten", "hinter", "ich", "ihm", "ihn", "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer",
		"im", "indem", "ins", "ist", "jede", "jedem", "jeden", "jeder", "jedes", "jene", "kann", "kein",
		"keine", "keinem", "keinen", "keiner", "konnen", "konnte", "machen", "mein", "meine", "mich", "mir",
		"mit", "muss", "mussen", "nach", "nicht", "nichts", "noch", "nun", "nur", "ob", "oder", "ohne",
		"sehr", "sein", "seine", "seinem", "seinen", "seiner", "seit", "sich", "sie", "sind", "solche",
		"soll", "sollte", "sondern", "sonst", "uber", "und", "unser", "unter", "viel", "vom", "von", "vor",
		"wahrend", "war", "warum", "weg", "weil", "welche", "welcher", "wenn", "wer", "werde", "werden",
		"wieder", "wir", "wird", "wirst", "wo", "wurde", "wurden", "zu", "zum", "zur", "zwar", "zwischen":
		return de
	case "au", "aucun", "aussi", "autre", "aux", "avait", "avec", "avoir", "ce", "ceci", "cela", "ces",
		"cet", "cette", "ceux", "chaque", "comme", "comment", "dans", "depuis", "donc", "dont", "elle",
		"elles", "est", "et", "ete", "etre", "ils", "j", "leur", "leurs", "lors", "m", "meme", "mes", "moi",
		"mon", "n", "notre", "nous", "ont", "par", "parce", "pas", "peut", "plus", "pour", "pourquoi", "qu",
		"quand", "quel", "quelles", "quels", "qui", "quoi", "s", "sans", "ses", "sont", "sous", "sur", "t",
		"ta", "tandis", "tes", "toi", "ton", "tous", "tout", "toute", "toutes", "tres", "une", "vers",
		"vos", "votre", "vous":
		return fr
	case "algo", "algunos", "ante", "antes", "aquel", "contra", "cual", "cuando", "desde", "donde",
		"durante", "el", "ella", "ellas", "ellos", "eran", "esa", "esas", "ese", "eso", "esos", "estaba",
		"estan", "estas", "esto", "estos", "fue", "fueron", "habia", "hasta", "hay", "las", "los",
		"mientras", "mis", "muy", "nada", "nosotros", "otra", "otras", "otro", "otros", "pero", "poco",
		"pues", "quien", "sea", "sido", "sino", "sobre", "sus", "tambien", "tanto", "tiene", "tienen",
		"todo", "todos", "tus", "unas", "unos", "ya", "yo":
		return es
	case "ad", "agli", "ai", "allo", "anche", "avere", "aveva", "che", "chi", "ci", "come", "cosi", "cui",
		"dagli", "dai", "dal", "dalla", "dalle", "dallo", "degli", "dei", "dell", "della", "delle", "dello",
		"di", "dove", "ed", "erano", "essere", "fu", "gli", "hanno", "ho", "io", "lei", "loro", "ma",
		"mentre", "mia", "mio", "negli", "nei", "nel", "nella", "nelle", "nello", "noi", "non", "nostra",
		"nostro", "ogni", "perche", "piu", "poi", "quale", "quanto", "quella", "quelli", "quello", "questa",
		"queste", "questi", "questo", "sei", "senza", "sia", "sono", "stata", "stato", "sue", "sugli",
		"sui", "sul", "sulla", "suo", "suoi", "ti", "tra", "tutti", "tutto", "voi":
		return it
	case "ao", "aos", "aquela", "aquele", "ate", "com", "dela", "dele", "depois", "dos", "ela", "elas",
		"ele", "eles", "em", "essa", "esse", "estao", "foi", "foram", "isso", "isto", "lhe", "mesmo", "meu",
		"meus", "minha", "muito", "nao", "nas", "nem", "nossa", "nosso", "num", "numa", "os", "pela",
		"pelas", "pelo", "pelos", "quem", "sao", "seja", "sem", "seu", "seus", "suas", "tambem", "tem",
		"uma", "umas", "voce", "voces":
		return pt
	case "aan", "altijd", "ben", "bij", "daar", "dan", "dat", "deze", "dit", "doen", "door", "dus", "een",
		"eens", "ge", "geen", "geweest", "haar", "heb", "hebben", "heeft", "hem", "het", "hij", "hoe",
		"hun", "iemand", "iets", "ik", "kon", "kunnen", "maar", "meer", "met", "mij", "mijn", "moet",
		"naar", "niet", "niets", "nog", "omdat", "onder", "ons", "ook", "op", "reeds", "tegen", "toch",
		"toen", "tot", "u", "uit", "uw", "van", "veel", "voor", "want", "wat", "werd", "wezen", "wij",
		"wil", "wordt", "zal", "ze", "zelf", "zich", "zij", "zijn", "zo", "zonder", "zou":
		return nl
	case "allt", "ar", "att", "av", "blev", "bli", "blir", "dar", "denna", "deras", "dess", "dessa", "det",
		"detta", "dig", "din", "ditt", "efter", "ej", "eller", "ett", "fran", "hade", "hans", "har",
		"hennes", "hon", "honom", "hur", "icke", "ingen", "inom", "inte", "jag", "ju", "kunde", "med",
		"mellan", "mig", "min", "mitt", "mot", "mycket", "nagon", "nagot", "nagra", "nar", "och", "oss",
		"pa", "samma", "sedan", "sig", "sina", "sitt", "sjalv", "skulle", "som", "till", "upp", "ut",
		"utan", "vad", "var", "vara", "varfor", "varit", "varje", "vars", "vem", "vid", "vilken":
		return sv
	case "а", "без", "более", "бы", "был", "была", "были", "было", "быть", "в", "вам", "вас", "весь", "во",
		"вот", "все", "всего", "всех", "вы", "где", "да", "даже", "для", "до", "его", "ее", "если", "есть",
		"еще", "же", "за", "здесь", "и", "из", "или", "им", "их", "к", "как", "ко", "когда", "кто", "ли",
		"либо", "мне", "может", "мы", "на", "над", "надо", "наш", "не", "него", "нее", "нет", "ни", "них",
		"но", "ну", "о", "об", "однако", "он", "она", "они", "оно", "от", "очень", "по", "под", "при", "с",
		"со", "так", "также", "такой", "там", "те", "тем", "то", "того", "тоже", "той", "только", "том",
		"ты", "у", "уже", "хотя", "чего", "чей", "чем", "что", "чтобы", "чье", "эта", "эти", "это", "я":
		return ru
	case "also", "am", "will":
		return en | de
	case "on":
		return en | fr
	case "per":
		return en | it
	case "as", "do":
		return en | pt
	case "had", "is", "of":
		return en | nl
	case "at", "for", "under":
		return en | sv
	case "des":
		return de | fr
	case "alle":
		return de | it
	case "das", "um", "uns":
		return de | pt
	case "alles", "als", "andere", "der", "die", "doch", "hier", "waren", "wie", "worden":
		return de | nl
	case "dem", "den", "man":
		return de | sv
	case "les", "son", "y":
		return fr | es
	case "c", "d", "il", "l", "lui", "ne", "quelle":
		return fr | it
	case "eu", "mais", "ou":
		return fr | pt
	case "je":
		return fr | nl
	case "sa":
		return fr | sv
	case "con", "del", "lo", "mi", "su", "una", "uno":
		return es | it
	case "como", "esta", "este", "mas", "para", "por", "porque", "ser":
		return es | pt
	case "han", "ni", "sin":
		return es | sv
	case "qual", "quando", "sua":
		return it | pt
	case "alla", "vi":
		return it | sv
	case "na":
		return pt | nl
	case "kan", "men", "nu", "om":
		return nl | sv
	case "so":
		return en | de | pt
	case "was":
		return en | de | nl
	case "an":
		return en | de | sv
	case "no":
		return en | es | pt
	case "i":
		return en | it | sv
	case "over":
		return en | nl | sv
	case "es":
		return de | fr | es
	case "du":
		return de | fr | sv
	case "ja":
		return de | pt | nl
	case "er":
		return de | nl | sv
	case "le", "si", "tu", "un":
		return fr | es | it
	case "entre", "nos", "que":
		return fr | es | pt
	case "e", "era", "o":
		return es | it | pt
	case "al":
		return es | it | nl
	case "in":
		return en | de | it | nl
	case "me":
		return en | es | pt | nl
	case "da":
		return de | it | pt | sv
	case "la", "se":
		return fr | es | it | pt
	case "te":
		return fr | es | pt | nl
	case "en":
		return fr | es | nl | sv
	case "ha":
		return es | it | pt | sv
	case "a":
		return en | fr | es | it | pt
	case "de":
		return fr | es | pt | nl | sv
	}
	return 0
}

// IsFunction tells whether a folded word only glues others in language l.
func IsFunction(l Language, w string) bool {
	bits := functionWord(w)
	for i, known := range Languages() {
		if known == l {
			return bits&(1<<i) != 0
		}
	}
	return false
}
