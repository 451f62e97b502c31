// Command oidcprovider is an OpenID Connect provider for tests: the certified implementation of another project with
// its sample storage, on loopback, with users from a file.
//
//	go run ./tests/oidcprovider -redirect http://localhost:3000/callback -users users.json
//
// It has one client, named web with the secret "secret". It prints its issuer when it is ready.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	redirect := flag.String("redirect", "", "the address that browsers are sent back to")
	users := flag.String("users", "", "JSON file of users by identifier: ID, Username, Password, FirstName, LastName, Email, EmailVerified")
	flag.Parse()
	if err := run(*addr, *redirect, *users); err != nil {
		fmt.Fprintln(os.Stderr, "oidcprovider:", err)
		os.Exit(1)
	}
}

func run(addr, redirect, users string) error {
	if redirect == "" || users == "" {
		return errors.New("-redirect and -users are required")
	}
	known, err := storage.StoreFromFile(users)
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	issuer := "http://" + listener.Addr().String() + "/"
	storage.RegisterClients(storage.WebClient("web", "secret", redirect))
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	server := &http.Server{
		Handler: exampleop.SetupServer(issuer, storage.NewStorage(known), quiet, false), ReadHeaderTimeout: 10 * time.Second,
	}
	fmt.Println("issuer", issuer)
	return server.Serve(listener)
}
