package words

// The catalogue, section by section: one struct for each page, and what
// several pages share.

type Shell struct {
	Skip, Sections                           string
	Add, Search, Library, Activity, Settings string
	AllRead, Cancel, Close, Show, Hide       string
	Reading, NeedsYou, FailedJobs            Plural
}

// Kinds name what a source is.
type Kinds struct {
	PDF, DOCX, HTML, Markdown, Text, CSV, EPUB, Archive, Unknown string
	Any                                                          string
	Pages                                                        Plural
	Page                                                         string // %s
}

// States name where a source or a job stands.
type States struct {
	Queued, Processing, Ready, Failed, Cancelled string
	ReadingPage                                  string // %s of %s
	ReadingPages                                 string // %s: how many so far
	TakingOf, Taking                             string // %s of %s files of an archive; %s so far
	WaitingAgain                                 string // %s: which try
	Unsaid                                       string // a failure without a reason
}

type Setup struct {
	Title, Steps, Step1, Step2, Step3            string
	OwnerHeading, OwnerText                      string
	Code, CodeHint, Name, Password, PasswordHint string
	Meter, MeterShort, MeterFair, MeterGood      string
	CreateOwner                                  string
	WrongCode, BadName, ShortPassword, TooLong   string
	Limited                                      string // %s: how long
	ReachHeading, ReachText                      string
	Network, NetworkText, Names, NamesText       string
	Proxy, ProxyText                             string
	HostsLabel, HostsHint                        string
	OpenedUnder                                  string // %s: a host name
	BadHosts, LosesHost, ChooseReach             string
	Continue                                     string
	FirstHeading, FirstText, FirstReading        string
	FirstFailed, TryAnother, Later, GoToBox      string
	AskHeading                                   string
	AskText                                      string // %s: a title
	SuggestionHint                               string
}

type Login struct {
	Title, Heading, Name, Password, SignIn string
	Wrong                                  string
	Limited                                string // %s: how long
	Forgotten, ForgottenText               string
	ForgottenCommand, ForgottenThen        string
	SignedOut                              string
}

type Search struct {
	Title                           string
	Heading, Placeholder, Label, Go string
	Invite                          Plural
	Narrow, Pages, Previous, Next   string
	PageOf                          string // %s of %s
	Found                           Plural
	Showing                         string // %s to %s of the found phrase %s, in %s
	TallyShort                      string // the found phrase %s, in %s
	DidYouMean                      string
	Week, Month, Year               string
	NothingFor                      string // %s: the query
	SearchedAll                     Plural
	SearchedNarrow                  string
	TryWithout, TryFewer, TryQuotes string
	StillReading                    Plural
	Latest, AllSources              string
	EmptyHeading, EmptyText         string
}

type Sources struct {
	Title, Heading         string
	Count                  Plural
	ByStatus, ByKind, Show string
	All                    string
	Newest, Older          string
	NoneHere, ShowAll      string
	EmptyHeading           string
	Deleted, Added         string
}

type Reader struct {
	BackToLibrary, BackToResults            string
	Details, Kind, Length, Size, AddedOn    string
	FileName, Original, Rename, NewTitle    string
	SaveTitle, Renamed, BadTitle, Delete    string
	DeleteTitle, DeleteHeading, DeleteMeans string
	DeleteNow, Keep                         string
	FindHere, Find, PreviousHit, NextHit    string
	Hits                                    Plural
	HitOf                                   string // {n} of {total}
	Count                                   string
	NoHits                                  string
	Index                                   string
	Part                                    string // %s: a passage number
	Range                                   string // %s to %s
	PartHits                                Plural
	Earlier, Later, NoText                  string
	CopyLink, Copied                        string
	PassageLink                             string // %s: a passage number
	Retry, Stop                             string
	QueuedText, ProcessingText              string
	FailedText, CancelledText               string
	Retried, Stopped                        string
}

type Add struct {
	Title, Heading, Reads, DropOrChoose      string
	Choose, ChooseOne, Send                  string
	WriteNote, NoteTitle, NoteText, KeepNote string
	PagesLater                               string
	NothingSent, Ended, TooLarge, Full       string
}

// Tray is mostly shown by the browser: {percent}, {seconds} and {reason} are
// filled in there.
type Tray struct {
	Title, Clear, Dropped, Lost, Arrived                string
	Adding, Added, Failed                               string // {n}: how many
	WaitingToSend, Uploading, Finishing, Again, Offline string
	SignedOut, TooLarge, Full, Refused, EmptyFile       string
	Retry, Remove, Open, Details, Dismiss               string
	DropHere, NoteHeading, LoneURL                      string
}

type Activity struct {
	Title, Heading                 string
	Running, Waiting, Failed, Done string
	Retry, Stop                    string
	More                           Plural
	QuietHeading, QuietText        string
	NextTry                        string // %s: how long
	DoneState                      string
}

type Settings struct {
	Title, Heading                                            string
	Account                                                   string
	SignedInAs                                                string // %s: the owner
	SignOut, ChangePassword, OldPassword, NewPassword         string
	PasswordMeans, PasswordChanged, WrongPassword             string
	Sessions, LastSeen, ThisBrowser, EndSession, SessionEnded string
	UnknownBrowser                                            string
	BrowserOn                                                 string // %s on %s
	Access, AccessText, AccessSaved                           string
	Appearance, AppearanceText, Theme                         string
	ThemeSystem, ThemeLight, ThemeDark                        string
	Language, LanguageSystem                                  string
	About, Version, Save                                      string
}

type Failure struct {
	Home, Request                                string
	NotFound, NotFoundText                       string
	Internal, InternalText, InternalHint         string
	Forbidden, Conflict, TooLarge, Limited, Full string
	Other                                        string
}

// Reasons are why a source could not be read, by the code that its failure
// carries.
type Reasons struct {
	Encrypted, Malformed, NoText, Unsupported, TooLarge, Crashed, Missing, Package string
}
