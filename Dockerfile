# The image of Coffer, built by `make image`. Where the two base images cannot
# be pulled, these two arguments name stand-ins (scripts/base-images.sh);
# nothing else changes. No "# syntax=" line: it would fetch a frontend.
ARG BUILD_IMAGE=golang:1.26-trixie
ARG RUNTIME_IMAGE=debian:trixie-slim

# Everything is made on the build machine's own architecture and copied, so
# that an image for another one runs none of its code while it is built.
FROM --platform=$BUILDPLATFORM $BUILD_IMAGE AS tree
ARG TARGETARCH

# nginx alone: its package wants iproute2, debconf and their libraries for
# scripts that never run here; the libraries it does load (libc, libcrypt,
# libpcre2, libssl, zlib) are part of the base. The record in status.d is where
# scanners look for packages that dpkg did not install.
WORKDIR /deb
RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt/lists \
    dpkg --add-architecture "$TARGETARCH" \
 && apt-get -q update \
 && apt-get -q download "nginx:$TARGETARCH" \
 && dpkg-deb -x nginx_*.deb unpacked \
 && mkdir -p /tree/usr/sbin /tree/usr/share/doc/nginx /tree/var/lib/dpkg/status.d \
 && cp unpacked/usr/sbin/nginx /tree/usr/sbin/nginx \
 && cp unpacked/usr/share/doc/nginx/copyright /tree/usr/share/doc/nginx/copyright \
 && dpkg-deb -f nginx_*.deb >/tree/var/lib/dpkg/status.d/nginx

# Modules change less often than code.
WORKDIR /src
ARG GOPROXY
ENV CGO_ENABLED=0 GOMODCACHE=/cache/mod GOCACHE=/cache/build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache/mod go mod download

COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/cache/mod --mount=type=cache,target=/cache/build \
    GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" \
        -o /tree/usr/bin/coffer ./entrypoint \
 && go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /coffer ./entrypoint

# The protected files with their modes, from the binary itself, so that what is
# laid down and what is enforced on every boot are the same list. The compiled
# PDFium is for this processor; on another one the parser compiles it once when
# it starts. /data and /run are open to all with the sticky bit, as /tmp
# is, so that --user works: the box makes /run/coffer its own.
RUN /coffer install --root /tree \
 && if [ "$TARGETARCH" = "$(go env GOHOSTARCH)" ]; then /coffer pdfium-cache /tree/usr/share/coffer/pdfium-cache; fi \
 && chmod 0555 /tree/usr/bin/coffer /tree/usr/sbin/nginx \
 && mkdir -p /tree/data /tree/run && chmod 1777 /tree/data /tree/run

FROM $RUNTIME_IMAGE
ARG VERSION=dev
LABEL org.opencontainers.image.title="Coffer" \
      org.opencontainers.image.description="A single-owner knowledge box in one container" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=tree /tree/ /
VOLUME /data
# High ports, because file capabilities do not work under no-new-privileges.
EXPOSE 8080 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/coffer", "healthcheck"]
# No USER: init starts as root to give each service a user of its own (10001 to
# 10005) and drops what it does not need. With --user it runs as that one user.
ENTRYPOINT ["/usr/bin/coffer", "init"]
