# docker build -t couponhook .
# docker run --read-only -v /path/to/setup:/etc/couponhook:ro -v couponhook-data:/var/lib/couponhook \
#   -p 8443:8443 couponhook
#
# In the set-up's couponhook.toml, set store.url to "sqlite:/var/lib/couponhook/couponhook.db" and
# listener.address to "0.0.0.0". By default couponhook stores fetched platform certificates beside
# the database, in the same volume, because the set-up is read-only. With PostgreSQL, also set
# api.certificate_directory to "/var/lib/couponhook/certificates". The service runs as user 10001,
# who must be able to read the set-up's files.
# `docker run ... couponhook check --config /etc/couponhook/couponhook.toml` tests all of this.
#
# The status endpoint listens on the container's loopback address: `docker exec NAME couponhook
# status --config /etc/couponhook/couponhook.toml` reaches it. To reach it from other containers, set
# admin.address to "0.0.0.0" with admin.tls_certificate and admin.tls_private_key, and its port, 9443,
# is then open to them; it asks for the token.
#
# The image holds the binary and the shared libraries that it needs, and no shell. For handlers of
# type exec, which need programs, build with --target debian.

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/lib deploy/lib
RUN bash -c '. deploy/lib/packages.sh && install_packages $BUILD_PACKAGES ca-certificates'
COPY . .
RUN cmake --preset release -DCOUPONHOOK_TESTS=OFF \
 && cmake --build --preset release \
 && strip build/release/couponhook
# Collects the files of the final image in /image: the binary, the libraries that it links, the
# encodings of flow files, the certificate authorities and the user.
RUN deploy/package/image_files.sh build/release/couponhook /image
# Lists the Debian packages of the linked shared libraries, because package names differ between
# Debian releases.
RUN ldd build/release/couponhook | awk '/=> \//{print $3}' | xargs -n 1 realpath \
  | xargs dpkg-query -S 2>/dev/null | cut -d: -f1 | sort -u >runtime-packages; cat runtime-packages

# Builds and runs the tests: docker build --target test .
FROM build AS test
RUN tests/run.sh

# With a shell and Debian's packages: docker build --target debian .
FROM ${BASE} AS debian
COPY --from=build /src/runtime-packages /tmp/runtime-packages
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates $(cat /tmp/runtime-packages) \
 && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin couponhook \
 && install -d -o couponhook -g couponhook -m 0700 /var/lib/couponhook /etc/couponhook
COPY --from=build /src/build/release/couponhook /usr/bin/couponhook
# Starts couponhook once, so that a missing library fails the build and not the service.
RUN ["/usr/bin/couponhook", "--version"]
USER 10001
VOLUME /var/lib/couponhook
EXPOSE 8443 9443
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["/usr/bin/couponhook", "status", "--config", "/etc/couponhook/couponhook.toml"]
ENTRYPOINT ["/usr/bin/couponhook"]
CMD ["serve", "--config", "/etc/couponhook/couponhook.toml"]

FROM scratch AS runtime
COPY --from=build /image /
RUN ["/usr/bin/couponhook", "--version"]
USER 10001:10001
# This volume holds the store and the fetched certificates. The service writes to no other folder.
VOLUME /var/lib/couponhook
EXPOSE 8443 9443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["/usr/bin/couponhook", "status", "--config", "/etc/couponhook/couponhook.toml"]
ENTRYPOINT ["/usr/bin/couponhook"]
CMD ["serve", "--config", "/etc/couponhook/couponhook.toml"]
