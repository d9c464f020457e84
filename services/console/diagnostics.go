package console

import (
	"context"

	"coffer/services/library"
)

// Diagnose asks for a new diagnostic file, or for what would be in it.
const Diagnose = "diagnostics"

func (o Options) diagnose(ctx context.Context, preview bool) (a Answer, err error) {
	if o.Diagnostics == nil {
		return a, &library.Error{Kind: library.NotFound, Message: "No diagnostic file is made here."}
	}
	if a.Diagnosis, err = o.Diagnostics.Preview(ctx, true); err != nil || preview {
		return a, err
	}
	a.Diagnosis, a.File, err = o.Diagnostics.Export(ctx, a.Diagnosis.ID)
	if err == nil {
		o.Keeper.RecordByConsole(ctx, library.AuditDiagnosed, a.Diagnosis.ID)
	}
	return a, err
}
