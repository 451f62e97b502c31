package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/toeic-app/toeic/domain/fault"
)

var errTaken = fault.New(fault.Conflict, "test.taken", "It is taken.")

func TestAFaultIsRecognisedThroughWrappingFieldsAndCause(t *testing.T) {
	err := fmt.Errorf("store: %w", errTaken.WithFields(fault.Field{Name: "email"}).Because(io.EOF))
	if !errors.Is(err, errTaken) {
		t.Error("the copy is not recognised as the declared fault")
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("kind = %q", fault.KindOf(err))
	}
	if len(errTaken.Fields) != 0 || errTaken.Unwrap() != nil {
		t.Error("the declared fault was changed by a copy")
	}
}

func TestAnyOtherErrorHasNoKind(t *testing.T) {
	if k := fault.KindOf(io.EOF); k != "" {
		t.Errorf("kind = %q", k)
	}
	if errors.Is(errTaken, fault.New(fault.Conflict, "test.other", "")) {
		t.Error("faults with different codes are equal")
	}
}

func TestKindsListsEachKindOnce(t *testing.T) {
	seen := map[fault.Kind]bool{}
	for _, k := range fault.Kinds() {
		if k == "" || seen[k] {
			t.Errorf("kind %q is empty or repeated", k)
		}
		seen[k] = true
	}
}

func TestMergeNamesEveryFieldOfOneInput(t *testing.T) {
	a, b := fault.Field{Name: "email"}, fault.Field{Name: "password"}
	err := fault.Merge(errTaken, nil, errTaken.WithFields(a), fmt.Errorf("deeper: %w", errTaken.WithFields(b)))
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 2 || f.Fields[0] != a || f.Fields[1] != b {
		t.Errorf("merged = %#v", err)
	}
	if err := fault.Merge(errTaken, nil, nil); err != nil {
		t.Errorf("nothing wrong gives %v", err)
	}
	if err := fault.Merge(errTaken, errTaken.WithFields(a), io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("another error is hidden: %v", err)
	}
}
