package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// Request has a pointer where the empty text means something: an empty session begins one.
type Request struct {
	Key     string  `json:"key"`
	Value   string  `json:"value,omitempty"`
	Level   string  `json:"level"`
	Session *string `json:"session,omitempty"`
}

type Reply struct {
	Value   string
	Session string
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

	// The reply has the token of the session: the newest version it has seen of the key.
	begin := ""
	token := ask(nc, "dynats.put", Request{"cart/7", "apples", "ONE", &begin}).Session
	fmt.Println("the token has the write:", len(token) > 0)

	// At ONE a single owner answers. Within the session it is never one that has missed the write: if its copy is older
	// than the token says, another owner is asked. The token is text: whoever has it goes on with the session.
	for _, node := range []string{"n0", "n1", "n2", "n3"} {
		read := ask(nc, "dynats.node."+node+".get", Request{Key: "cart/7", Level: "ONE", Session: &token})
		fmt.Printf("through %s: %s\n", node, read.Value)
		// A reply has the token to go on with.
		token = read.Session
	}
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
