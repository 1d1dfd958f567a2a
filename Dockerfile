# docker build -t couponhook .
# docker run -v /path/to/setup:/etc/couponhook:ro -v couponhook-data:/var/lib/couponhook \
#   -p 8443:8443 couponhook
#
# In the set-up, store.url is "sqlite:/var/lib/couponhook/couponhook.db" and listener.address is
# "0.0.0.0". Fetched platform certificates are kept beside the store, in the same volume, as long as
# no api.certificate_directory is named: the set-up is read-only. With PostgreSQL name
# "/var/lib/couponhook/certificates". Files that the service reads must be readable by its user,
# 10001; `docker run ... couponhook check --config /etc/couponhook/couponhook.toml` tries all that.

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/lib deploy/lib
RUN bash -c '. deploy/lib/packages.sh && install_packages $BUILD_PACKAGES'
COPY . .
RUN cmake --preset release -DCOUPONHOOK_TESTS=OFF \
 && cmake --build --preset release \
 && strip --strip-debug build/release/couponhook
# The packages of the shared libraries that were linked: their names differ between Debian releases.
RUN ldd build/release/couponhook | awk '/=> \//{print $3}' | xargs -n 1 realpath \
  | xargs dpkg-query -S 2>/dev/null | cut -d: -f1 | sort -u >runtime-packages; cat runtime-packages

# docker build --target test .
FROM build AS test
RUN tests/run.sh

FROM ${BASE} AS runtime
COPY --from=build /src/runtime-packages /tmp/runtime-packages
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates $(cat /tmp/runtime-packages) \
 && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin couponhook \
 && install -d -o couponhook -m 0700 /var/lib/couponhook
COPY --from=build /src/build/release/couponhook /usr/local/bin/couponhook
# A library that is missing is found here rather than in production.
RUN couponhook --version
USER 10001
# The store and fetched certificates: the only place that it may write to.
VOLUME /var/lib/couponhook
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["couponhook", "status", "--config", "/etc/couponhook/couponhook.toml"]
ENTRYPOINT ["couponhook"]
CMD ["serve", "--config", "/etc/couponhook/couponhook.toml"]
