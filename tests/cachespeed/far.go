package cachespeed

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
)

const farReads = 20 // in a round

const (
	bareTable = "bare:tags"                        // stands for the table of tags
	bareStamp = "0123456789abcdef0000000000000001" // is as long as what the engine finds there
)

// Far compares a hit in the far tier, with what it takes to keep the value near by afterwards, with a bare GET of the same
// bytes by the same client. Each key is read once by a side. client is one from [cache.Connect]; what is put there is
// deleted again.
func Far(ctx context.Context, client redis.UniversalClient, value []byte, rounds int) (Result, error) {
	return far(ctx, client, value, rounds, false)
}

// FarTagged is Far for a region with tags, whose state is read with each value. So the reference is a GET and an HGET in
// one pipeline.
func FarTagged(ctx context.Context, client redis.UniversalClient, value []byte, rounds int) (Result, error) {
	return far(ctx, client, value, rounds, true)
}

func far(ctx context.Context, client redis.UniversalClient, value []byte, rounds int, tagged bool) (Result, error) {
	writer, filled, err := newEngine(cache.Options{Redis: client}, tagged)
	if err != nil {
		return Result{}, err
	}
	defer writer.Close()
	reader, region, err := newEngine(cache.Options{Redis: client}, tagged)
	if err != nil {
		return Result{}, err
	}
	defer reader.Close()
	defer start(ctx, reader)()
	ids, full := make([]string, (rounds+1)*farReads), make([]string, (rounds+1)*farReads)
	defer func() {
		client.Del(context.WithoutCancel(ctx), append(full, bareTable)...)
		filled.Evict(context.WithoutCancel(ctx), ids...)
	}()
	if err := client.HSet(ctx, bareTable, "@", bareStamp).Err(); err != nil {
		return Result{}, err
	}
	for i := range ids {
		ids[i] = uuid.NewString()
		full[i] = "bare:" + ids[i]
		if _, err := filled.Get(ctx, ids[i], func(context.Context) ([]byte, error) { return value, nil }); err != nil {
			return Result{}, err
		}
		if err := client.Set(ctx, full[i], value, time.Hour).Err(); err != nil {
			return Result{}, err
		}
	}
	none := func(context.Context) ([]byte, error) { return nil, errWrong }
	var failed error
	judge := func(got []byte, err error) {
		if err != nil || len(got) != len(value) {
			failed = errors.Join(errWrong, err)
		}
	}
	ask := bareGet
	if tagged {
		ask = bareBoth
	}
	ours, bare := 0, 0
	out := compare(rounds, farReads, func(n int) {
		for range n {
			judge(region.Get(ctx, ids[ours], none))
			ours++
		}
	}, func(n int) {
		for range n {
			judge(ask(ctx, client, full[bare]))
			bare++
		}
	})
	return out, failed
}

func bareGet(ctx context.Context, client redis.UniversalClient, key string) ([]byte, error) {
	return client.Get(ctx, key).Bytes()
}

func bareBoth(ctx context.Context, client redis.UniversalClient, key string) ([]byte, error) {
	pipe := client.Pipeline()
	value, state := pipe.Get(ctx, key), pipe.HGet(ctx, bareTable, "@")
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	if state.Val() != bareStamp {
		return nil, errWrong
	}
	return value.Bytes()
}
