# Debian package. In a build folder of the preset release: `cpack -G DEB`. deploy/release.sh builds
# the packages of a release.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME couponhook)
set(COUPONHOOK_MAINTAINER "The couponhook authors <couponhook@example.org>" CACHE STRING
    "Maintainer of the Debian package, NAME <ADDRESS>")
set(CPACK_PACKAGE_CONTACT "${COUPONHOOK_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# Owner root and mode 755, whatever the umask of the builder.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_LIST_DIR}/stage_debian.cmake")
set(CPACK_COUPONHOOK_SOURCE "${PROJECT_SOURCE_DIR}")

# The package of each Debian release links other libraries, so its name tells the release, and an
# upgrade of Debian brings a newer version.
set(release 1)
if(EXISTS /etc/os-release)
  file(STRINGS /etc/os-release id REGEX "^VERSION_ID=")
  string(REGEX REPLACE "[^0-9]" "" id "${id}")
  set(release "1+deb${id}")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE "${release}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CPACK_PACKAGE_CONTACT}")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "receiver of WeChat Pay coupon notifications")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Verifies, decrypts and stores each notification before it is acknowledged,
keeps a ledger of each coupon, and delivers the events to your backend by
HTTP, a command, Redis, AMQP or Kafka. The store is SQLite or PostgreSQL.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, systemd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_CURRENT_LIST_DIR}/debian/postinst"
    "${CMAKE_CURRENT_LIST_DIR}/debian/prerm" "${CMAKE_CURRENT_LIST_DIR}/debian/postrm"
    "${CMAKE_CURRENT_LIST_DIR}/debian/conffiles")
include(CPack)
