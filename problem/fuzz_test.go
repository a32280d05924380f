package problem_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// What is read without an error is the same when it is written and read again, and what
// is refused is said to be invalid.
func FuzzInput(f *testing.F) {
	f.Add([]byte(`{"title": "a", "impact": "high", "items": ["db-01"], "fields": {"x": 1e400}, "incidents": ["00000000-0000-0000-0000-000000000001"]}`))
	f.Add([]byte(`{"title": "a", "evidence": "b", "incidents": []}`))
	f.Add([]byte(`{"impacts": ["high"], "urgencies": ["low"], "cells": [["P1"]]}`))
	f.Add([]byte(`{"impact": "odd"}`))
	f.Add([]byte(`{}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again(t, data, problem.ParseReport)
		again(t, data, problem.ParseDetection)
		again(t, data, problem.ParseMatrix)
	})
}

func again[T any](t *testing.T, data []byte, parse func([]byte) (T, error)) {
	v, err := parse(data)
	if err != nil {
		require.True(t, errors.Is(err, workflow.ErrInvalid), "%v", err)
		return
	}
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	w, err := parse(raw)
	require.NoError(t, err, "%s", raw)
	second, err := json.Marshal(w)
	require.NoError(t, err)
	require.Equal(t, string(raw), string(second))
}
