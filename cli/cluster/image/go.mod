module leanvibe.io/image

go 1.26.0
