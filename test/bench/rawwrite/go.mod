module leanvibe.io/rawwrite

go 1.26.0
