package words

import "coffer/services/library"

// Audit is the page of what was done. Each kind of event has a name; what a
// kind is without one shows as it is.
type Audit struct {
	Title, Text, Every, ByKind, Show, Older, Newest, None string
	Times                                                 Plural // how often something was done
	Until                                                 string // %s: the time of the last of them
	ByKey, ByConsole, ByBox, ByStranger                   string
	ManyClients                                           string

	Setup, SetupFailed, SignIn, SignInFailed, SignOut, SessionEnded string
	Password, PasswordReset, PasswordFailed, SettingsChanged        string
	HTTPSChanged, CertificateMade, OrderFailed                      string
	CopiesSet, CopiesOff, CopyFetched                               string
	NoticesSet, NoticesOff                                          string
	KeyCreated, KeyRevoked                                          string
	BackupKey, BackupMade, BackupTaken, BackupDeleted               string
	FormerDeleted                                                   string
	Exported, Imported, Diagnosed, TokenMade, TokenOff              string
	OthersEnded, Everywhere, PutBack                                string
	FactorFailed, FactorOn, FactorOff, FactorsRemoved               string
	RecoveryUsed, RecoveryMade                                      string
	PasskeyAdded, PasskeyRemoved, PasskeyCopied                     string
}

// AuditKind names a kind of event.
func (w *Words) AuditKind(k library.AuditKind) string {
	switch k {
	case library.AuditSetup:
		return w.Audit.Setup
	case library.AuditSetupFailed:
		return w.Audit.SetupFailed
	case library.AuditSignIn:
		return w.Audit.SignIn
	case library.AuditSignInFailed:
		return w.Audit.SignInFailed
	case library.AuditSignOut:
		return w.Audit.SignOut
	case library.AuditSessionEnded:
		return w.Audit.SessionEnded
	case library.AuditOthersEnded:
		return w.Audit.OthersEnded
	case library.AuditEverywhere:
		return w.Audit.Everywhere
	case library.AuditPutBack:
		return w.Audit.PutBack
	case library.AuditPassword:
		return w.Audit.Password
	case library.AuditPasswordReset:
		return w.Audit.PasswordReset
	case library.AuditPasswordFailed:
		return w.Audit.PasswordFailed
	case library.AuditFactorFailed:
		return w.Audit.FactorFailed
	case library.AuditFactorOn:
		return w.Audit.FactorOn
	case library.AuditFactorOff:
		return w.Audit.FactorOff
	case library.AuditPasskeyAdded:
		return w.Audit.PasskeyAdded
	case library.AuditPasskeyRemoved:
		return w.Audit.PasskeyRemoved
	case library.AuditPasskeyCopied:
		return w.Audit.PasskeyCopied
	case library.AuditFactorsRemoved:
		return w.Audit.FactorsRemoved
	case library.AuditRecoveryUsed:
		return w.Audit.RecoveryUsed
	case library.AuditRecoveryMade:
		return w.Audit.RecoveryMade
	case library.AuditSettingsChanged:
		return w.Audit.SettingsChanged
	case library.AuditHTTPSChanged:
		return w.Audit.HTTPSChanged
	case library.AuditCertificateMade:
		return w.Audit.CertificateMade
	case library.AuditOrderFailed:
		return w.Audit.OrderFailed
	case library.AuditKeyCreated:
		return w.Audit.KeyCreated
	case library.AuditKeyRevoked:
		return w.Audit.KeyRevoked
	case library.AuditBackupKey:
		return w.Audit.BackupKey
	case library.AuditBackupMade:
		return w.Audit.BackupMade
	case library.AuditBackupTaken:
		return w.Audit.BackupTaken
	case library.AuditBackupDeleted:
		return w.Audit.BackupDeleted
	case library.AuditFormerDeleted:
		return w.Audit.FormerDeleted
	case library.AuditDiagnosed:
		return w.Audit.Diagnosed
	case library.AuditTokenMade:
		return w.Audit.TokenMade
	case library.AuditCopiesSet:
		return w.Audit.CopiesSet
	case library.AuditCopiesOff:
		return w.Audit.CopiesOff
	case library.AuditCopyFetched:
		return w.Audit.CopyFetched
	case library.AuditNoticesSet:
		return w.Audit.NoticesSet
	case library.AuditNoticesOff:
		return w.Audit.NoticesOff
	case library.AuditTokenOff:
		return w.Audit.TokenOff
	case library.AuditExported:
		return w.Audit.Exported
	case library.AuditImported:
		return w.Audit.Imported
	}
	return string(k)
}

func englishAudit() Audit {
	return Audit{
		Title: "Audit log", Text: "What was done at the door of the box, newest first. It keeps a year, at most 10,000 events.",
		Every: "Every event", ByKind: "Kind of event", Show: "Show", Older: "Older", Newest: "Newest", None: "Nothing of this kind has happened yet.",
		Times: Plural{"once", "%s times"}, Until: "last %s",
		ByKey: "by a key", ByConsole: "by a command in the container", ByBox: "by the box itself", ByStranger: "by somebody unknown", ManyClients: "many addresses",
		Setup: "The box got its owner", SetupFailed: "Wrong setup code", SignIn: "Signed in", SignInFailed: "Wrong name or password",
		SignOut: "Signed out", SessionEnded: "Another browser signed out", Password: "Password changed",
		PasswordReset: "Password set anew", PasswordFailed: "Wrong current password", SettingsChanged: "Settings changed", HTTPSChanged: "HTTPS changed",
		CertificateMade: "An authority made a certificate", OrderFailed: "No certificate was made",
		KeyCreated: "Key made", KeyRevoked: "Key revoked",
		BackupKey: "Recovery key set", BackupMade: "Backup asked for", BackupTaken: "Backup downloaded", BackupDeleted: "Backup deleted", FormerDeleted: "State of before the restore deleted",
		TokenMade: "Service token made", TokenOff: "Service token turned off", NoticesSet: "Notices set up", NoticesOff: "Notices turned off", CopiesSet: "Storage for copies of backups set up", CopiesOff: "Copies of backups turned off", CopyFetched: "Copy of a backup brought back", Exported: "Library exported", Imported: "Package taken in", Diagnosed: "Diagnostic file downloaded",
		OthersEnded: "All other browsers signed out", Everywhere: "Signed out everywhere", PutBack: "An older copy of the store was put back",
		FactorFailed: "Right password, wrong second factor", FactorOn: "Second factor turned on", FactorOff: "Second factor turned off",
		PasskeyAdded: "Passkey added", PasskeyRemoved: "Passkey removed", PasskeyCopied: "Passkey refused: it may have been copied",
		FactorsRemoved: "Second factor removed", RecoveryUsed: "Recovery code used", RecoveryMade: "New recovery codes made",
	}
}

func germanAudit() Audit {
	return Audit{
		Title: "Ereignisse", Text: "Was an der Tür der Box geschah, das Neueste zuerst. Es reicht ein Jahr zurück, höchstens 10.000 Ereignisse.",
		Every: "Alle Ereignisse", ByKind: "Art des Ereignisses", Show: "Zeigen", Older: "Ältere", Newest: "Neueste", None: "Davon gab es noch nichts.",
		Times: Plural{"einmal", "%s-mal"}, Until: "zuletzt %s",
		ByKey: "mit einem Schlüssel", ByConsole: "durch einen Befehl im Container", ByBox: "durch die Box selbst", ByStranger: "von Unbekannten", ManyClients: "viele Adressen",
		Setup: "Die Box bekam ihren Besitzer", SetupFailed: "Falscher Einrichtungscode", SignIn: "Angemeldet", SignInFailed: "Name oder Passwort falsch",
		SignOut: "Abgemeldet", SessionEnded: "Anderer Browser abgemeldet", Password: "Passwort geändert",
		PasswordReset: "Passwort neu gesetzt", PasswordFailed: "Jetziges Passwort falsch", SettingsChanged: "Einstellungen geändert", HTTPSChanged: "HTTPS geändert",
		CertificateMade: "Eine Stelle stellte ein Zertifikat aus", OrderFailed: "Es wurde kein Zertifikat ausgestellt",
		KeyCreated: "Schlüssel erstellt", KeyRevoked: "Schlüssel widerrufen",
		BackupKey: "Wiederherstellungsschlüssel gesetzt", BackupMade: "Sicherung angefordert", BackupTaken: "Sicherung heruntergeladen", BackupDeleted: "Sicherung gelöscht", FormerDeleted: "Stand vor dem Zurückspielen gelöscht",
		TokenMade: "Dienstmarke erstellt", TokenOff: "Dienstmarke ausgeschaltet", NoticesSet: "Nachrichten eingerichtet", NoticesOff: "Nachrichten ausgeschaltet", CopiesSet: "Speicher für Kopien von Sicherungen eingerichtet", CopiesOff: "Kopien von Sicherungen ausgeschaltet", CopyFetched: "Kopie einer Sicherung zurückgeholt", Exported: "Bibliothek ausgeführt", Imported: "Paket eingeführt", Diagnosed: "Diagnosedatei heruntergeladen",
		OthersEnded: "Alle anderen Browser abgemeldet", Everywhere: "Überall abgemeldet", PutBack: "Eine ältere Kopie des Speichers wurde zurückgespielt",
		FactorFailed: "Passwort richtig, zweiter Faktor falsch", FactorOn: "Zweiter Faktor eingeschaltet", FactorOff: "Zweiter Faktor ausgeschaltet",
		PasskeyAdded: "Passkey hinzugefügt", PasskeyRemoved: "Passkey entfernt", PasskeyCopied: "Passkey abgelehnt: er könnte kopiert worden sein",
		FactorsRemoved: "Zweiter Faktor entfernt", RecoveryUsed: "Wiederherstellungscode benutzt", RecoveryMade: "Neue Wiederherstellungscodes erstellt",
	}
}
