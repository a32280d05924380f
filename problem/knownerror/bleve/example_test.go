package bleve_test

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/problem/knownerror/bleve"
)

func ExampleNew() {
	ctx := context.Background()
	texts, err := bleve.New()
	if err != nil {
		panic(err)
	}
	_ = texts.Put(ctx, id(1), knownerror.Text{Title: "Outlook disconnects", Symptom: "It asks for the password"})
	_ = texts.Put(ctx, id(2), knownerror.Text{Title: "Paper jam", Symptom: "The printer beeps"})
	hits, err := texts.Search(ctx, "my outlook asks for a password", 3, nil)
	fmt.Println(len(hits), hits[0].ID == id(1), hits[0].Words, err)
	// Output: 1 true [outlook asks for password] <nil>
}
