package places

// Code tells kinds of faults apart, for those who have words of their own.
type Code string

// The kinds of faults.
const (
	Decided     Code = "decided" // by the configuration
	BadKind     Code = "kind"
	BadAddress  Code = "address"
	NoTopic     Code = "topic"
	Unreachable Code = "unreachable" // by policy

	// Of storage: which part of it is wrong.
	BadEndpoint Code = "endpoint"
	BadRegion   Code = "region"
	BadBucket   Code = "bucket"
	BadPrefix   Code = "prefix"
	BadKey      Code = "access_key"
	BadSecret   Code = "secret"
)

// Fault is why a wish is not kept.
type Fault struct {
	Code   Code   `json:"code"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

func (f *Fault) Error() string { return f.What + ". " + f.Remedy + "." }

func fault(code Code, what, remedy string) *Fault { return &Fault{code, what, remedy} }
