// Package supervision tests that init passes every case of the supervision
// suite (scripts/suite).
//
// It owns the supervision tier. Run with the race detector it tries our init
// built with it too, without it those other inits that are quick to try, so that
// the table shows them. It refuses to judge other inits.
package supervision
