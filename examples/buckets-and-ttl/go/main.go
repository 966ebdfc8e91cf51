package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

type Request struct {
	Op     string `json:"op,omitempty"`
	Bucket string `json:"bucket,omitempty"`
	Key    string `json:"key,omitempty"`
	Value  string `json:"value,omitempty"`
	TTLMs  int    `json:"ttlMs,omitempty"`
}

type Reply struct {
	Found   bool
	Value   string
	Buckets []struct {
		Name              string
		TTLMs             int
		ReplicationFactor int
	}
}

func main() {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Drain()

	// ### A bucket
	// A bucket is a key space with settings of its own: here records live for an hour unless they say otherwise. Making
	// one that exists with the same settings is no error.
	const bucket = "logins-go"
	made := ask(nc, "dynats.bucket", Request{Op: "create", Bucket: bucket, TTLMs: 3_600_000}).Buckets[0]
	fmt.Printf("records live for %d ms on %d nodes\n", made.TTLMs, made.ReplicationFactor)

	// ### Time to live
	// From its end on a record is gone for every reader.
	ask(nc, "dynats.put", Request{Bucket: bucket, Key: "sue", Value: "logged in", TTLMs: 400})
	fmt.Println("sue:", ask(nc, "dynats.get", Request{Bucket: bucket, Key: "sue"}).Value)

	// A touch lets it live on, under the same version: it cannot undo a newer write.
	touched := ask(nc, "dynats.touch", Request{Bucket: bucket, Key: "sue", TTLMs: 800})
	fmt.Println("touched:", touched.Found)

	ends := time.Now().Add(10 * time.Second)
	for ask(nc, "dynats.get", Request{Bucket: bucket, Key: "sue"}).Found && time.Now().Before(ends) {
	}
	fmt.Println("later, found:", ask(nc, "dynats.get", Request{Bucket: bucket, Key: "sue"}).Found)

	// ### The end
	// A bucket is dropped with all that is in it.
	ask(nc, "dynats.bucket", Request{Op: "drop", Bucket: bucket})
	dropped := true
	for _, each := range ask(nc, "dynats.bucket", Request{Op: "ls"}).Buckets {
		dropped = dropped && each.Name != bucket
	}
	fmt.Println("dropped:", dropped)
}

// ask sends a request and decodes the reply, which is an answer or an error.
func ask(nc *nats.Conn, subject string, request any) (reply Reply) {
	body, err := json.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}
	message, err := nc.Request(subject, body, 5*time.Second)
	if err != nil {
		log.Fatal(subject, ": ", err)
	}
	if err := json.Unmarshal(message.Data, &reply); err != nil {
		log.Fatal(err)
	}
	return reply
}
