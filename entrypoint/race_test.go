//go:build race

package main

const raced = true // a confined program cannot carry the race detector
