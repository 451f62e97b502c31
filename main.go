// Command toeic is the TOEIC backend: the server and the tools of those who operate it.
package main

import (
	"context"
	"os"

	"github.com/toeic-app/toeic/bootstrap"
)

func main() {
	os.Exit(bootstrap.Main(context.Background(), os.Args[1:], bootstrap.Process()))
}
