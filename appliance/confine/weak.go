package confine

import "coffer/weaken"

// unrestricted says that a test takes the profile's Landlock rules away.
func (p Profile) unrestricted() bool {
	switch p {
	case ProfileWorker:
		return weaken.Without(weaken.WorkerFiles)
	case ProfileParser:
		return weaken.Without(weaken.ParserFiles)
	case ProfileChild:
		return weaken.Without(weaken.ChildFiles)
	case ProfileNginx:
		// The kernel restricts nobody who could gain privileges.
		return weaken.Without(weaken.EdgeConnections) || weaken.Without(weaken.NewPrivileges)
	}
	return false
}

// unfiltered says that a test takes the profile's filters away.
func (p Profile) unfiltered() bool {
	switch p {
	case ProfileAPI:
		return weaken.Without(weaken.APICalls)
	case ProfileWorker:
		return weaken.Without(weaken.WorkerCalls)
	case ProfileParser:
		return weaken.Without(weaken.ParserCalls)
	case ProfileChild:
		return weaken.Without(weaken.ChildCalls)
	case ProfileNginx:
		return weaken.Without(weaken.EdgeCalls) || weaken.Without(weaken.NewPrivileges)
	}
	return false
}
