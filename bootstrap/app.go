package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/opsapp"
)

// drainTime bounds the wait for requests in a stop. It leaves five of the thirty seconds from the signal to the end
// of the process, after which supervisors kill, to the background work and the stores.
const drainTime = 25 * time.Second

// App is a running service: what main and the tests share.
type App struct {
	config    Config
	log       *zap.Logger
	core      *core
	listener  net.Listener
	server    *http.Server
	readiness opsapp.Readiness
	settings  *reread // nil where no file is followed
}

// Start opens the stores, brings the database up to date, publishes the shipped content, and listens. It serves
// nothing before Run.
func Start(ctx context.Context, c Config, log *zap.Logger) (*App, error) {
	a := &App{config: c, log: log}
	var err error
	if a.core, err = openCore(ctx, c, log); err != nil {
		return nil, err
	}
	if err := a.prepare(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) prepare(ctx context.Context) error {
	if err := a.core.migrate(ctx); err != nil {
		return err
	}
	if err := a.core.seed(ctx); err != nil {
		return err
	}
	handler, err := a.handler()
	if err != nil {
		return err
	}
	a.server = web.ServerDefaults(handler, a.log)
	a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.config.ServerAddress)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.ServerAddress, err)
	}
	return nil
}

// URL is where the service listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Run serves until ctx ends, then drains: it says that it is not ready, waits for load balancers to notice,
// finishes the requests it has, and stops the background work. Close it afterwards.
func (a *App) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	warm := make(chan struct{})
	done := a.startBackground(background, warm)
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve(a.listener) }()
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		a.getReady(ctx, warm)
	}()

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		<-begun
		err = a.drain(background)
	}
	stop()
	done.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// warmTime is how long a new process may take to fill its caches before it says that it is ready all the same.
const warmTime = 3 * time.Second

// getReady says that the process is ready, once its caches are filled, so that a load balancer does not send clients to
// one that is slow.
func (a *App) getReady(ctx context.Context, warm <-chan struct{}) {
	select {
	case <-ctx.Done():
		return
	case <-warm:
	case <-time.After(warmTime):
	}
	a.readiness.Set(true)
}

func (a *App) drain(ctx context.Context) error {
	a.log.Info("draining", zap.Duration("delay", a.config.ShutdownDelay))
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	a.readiness.Set(false)
	select {
	case <-time.After(a.config.ShutdownDelay):
	case <-ctx.Done():
	}
	if err := a.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off: %w", err), a.server.Close())
	}
	a.log.Info("stopped")
	return nil
}

// Close releases everything. It may be called on an app that never ran.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("close the listener: %w", err))
		}
	}
	return errors.Join(append(errs, a.core.close())...)
}
