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
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
	Level string `json:"level"`
}

type Reply struct {
	Value    string
	Level    string
	Required int
	Acked    int
	Received int
	Error    struct{ Code, Field string }
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

	// Every write goes to all owners that are up. The level says how many acks are waited for.
	levels := []string{"ONE", "QUORUM", "ALL"}
	for _, level := range levels {
		reply := ask(nc, "dynats.put", Request{"stock/apples", "counted at " + level, level})
		enough := reply.Acked >= reply.Required
		fmt.Printf("put @ %s: %d required, enough: %t\n", reply.Level, reply.Required, enough)
	}

	// A read asks as many owners as its level needs, and answers with the newest version among them. QUORUM reads see
	// what QUORUM writes stored, since any two owners of three share one with any other two.
	for _, level := range levels {
		reply := ask(nc, "dynats.get", Request{Key: "stock/apples", Level: level})
		fmt.Printf("get @ %s: %d of %d answered: %s\n", reply.Level, reply.Received, reply.Required, reply.Value)
	}

	// ANY is for writes: a hint on disk is enough for it. A bad request is answered with an error that names its field.
	refused := ask(nc, "dynats.get", Request{Key: "stock/apples", Level: "ANY"}).Error
	fmt.Printf("%s, field %s\n", refused.Code, refused.Field)
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
