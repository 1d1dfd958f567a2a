# Part of `cpack -G DEB`: adds what only a Debian package has to the staged files, before they are
# packed.
set(source "${CPACK_COUPONHOOK_SOURCE}")
set(root "${CPACK_TEMPORARY_DIRECTORY}")
set(docs "${root}/usr/share/doc/couponhook")
set(normal_file OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

# Without dpkg-shlibdeps CPack would only warn, and the package would lack its dependencies.
find_program(shlibdeps dpkg-shlibdeps)
if(NOT shlibdeps)
  message(FATAL_ERROR "dpkg-shlibdeps is missing: apt-get install dpkg-dev file")
endif()

# Not file(INSTALL): CPack sets DESTDIR, which that command puts before the path.
file(MAKE_DIRECTORY "${root}/etc/default")
file(COPY_FILE "${source}/deploy/package/default" "${root}/etc/default/couponhook")
file(COPY_FILE "${source}/deploy/package/copyright" "${docs}/copyright")
file(CHMOD "${root}/etc/default/couponhook" "${docs}/copyright" PERMISSIONS ${normal_file})

# The date of the Debian changelog is the one of the release, so that two builds are equal.
set(date_argument)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(date_argument "--date=@$ENV{SOURCE_DATE_EPOCH}")
endif()
execute_process(COMMAND env LC_ALL=C date --utc --rfc-email ${date_argument}
                OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(WRITE "${docs}/changelog.Debian"
     "couponhook (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium\n\n"
     "  * The changes are listed in changelog.gz.\n\n"
     " -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}\n")
file(RENAME "${docs}/CHANGELOG.md" "${docs}/changelog")
# gzip -n leaves out name and time, so that two builds are equal.
execute_process(COMMAND gzip -9n "${docs}/changelog" "${docs}/changelog.Debian"
                "${root}/usr/share/man/man1/couponhook.1" COMMAND_ERROR_IS_FATAL ANY)
file(CHMOD "${docs}/changelog.gz" "${docs}/changelog.Debian.gz"
     "${root}/usr/share/man/man1/couponhook.1.gz" PERMISSIONS ${normal_file})
