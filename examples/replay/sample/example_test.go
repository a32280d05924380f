package sample_test

import (
	"fmt"

	"github.com/itsm-go/itsm/examples/replay/sample"
	"github.com/itsm-go/itsm/examples/replay/snlog"
)

func ExampleLog() {
	r, err := snlog.NewReader(sample.Log(), snlog.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	log, err := snlog.Collect(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	logged := log.Logged()
	fmt.Println(logged.Incidents, "incidents,", logged.ByPriority["1"], "of them critical")
	// Output: 2000 incidents, 24 of them critical
}
