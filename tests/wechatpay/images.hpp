#pragma once

/// \file
/// Images that other programs made, for tests of the code that reads images.

#include <string>

#include "base/base64.hpp"

namespace couponhook::wechatpay {

/// A JPG image of 120 x 120 pixels, encoded by Chromium.
inline std::string jpg_logo() {
  return *base::base64_decode(
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
      "hbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
      "pKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAB4AHgDASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAAAAQFAgb/xAAi"
      "EAEAAQEJAQEBAAAAAAAAAAAAAQMEBRU0U4GisdECETH/xAAZAQEAAwEBAAAAAAAAAAAAAAAAAgMEAQX/xAAgEQEAAgAG"
      "AwEAAAAAAAAAAAAAAQIDETEyUXEEEhMU/9oADAMBAAIRAxEAPwD0wAAAAAAAAAAAAAAAAAAOKtT4o05qVJ/PmP7P4Grs"
      "SYlZNXjPhiVk1eM+OZwn878SrEmJWTV4z4YlZNXjPhnB878SrEmJWTV4z4YlZNXjPhnB878SrEmJWTV4z4opVPitTipT"
      "n9+Z/k/hnDk1tGsOwHUQAAABJemQq7dwrSXpkKu3cOTonh747YACh6gAAAA37ryFLfuWA37ryFLfuU6as/k7I7VgLWAA"
      "AAASXpkKu3cK0l6ZCrt3Dk6J4e+O2AAoeoAAAAN+68hS37lgN+68hS37lOmrP5OyO1YC1gAAAAEl6ZCrt3CtJemQq7dw"
      "5OieHvjtgAKHqAAAADfuvIUt+5YDfuvIUt+5Tpqz+TsjtWAtYAAAABJemQq7dwrcVafxWpzTqR+/M/2P1ydEqzlaJeYG"
      "/htk0uU+mG2TS5T6r9Jbf004lgDfw2yaXKfTDbJpcp9PST9NOJYA38Nsmlyn0w2yaXKfT0k/TTiWA37ryFLfuTDbJpcp"
      "9UUqfxRpxTpx+fMfyP1KtZiVONjVvXKHYCbMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA//2Q==");
}

/// A PNG image of 120 x 120 pixels, encoded by Chromium.
inline std::string png_logo() {
  return *base::base64_decode(
      "iVBORw0KGgoAAAANSUhEUgAAAHgAAAB4CAYAAAA5ZDbSAAACaklEQVR4AezTUUoEMRBF0WZ24XIEly24HJehkO9AEpKe"
      "rrp1hZmPNh3rvWO9/vxBN/C6/EE3IDCa97oEFhjeADyeGywwvAF4PDdYYGQDZUK5wXBqgQWGNwCP5wYLDG8AHs8NFhje"
      "ADyeG1wLGJ62YDw3GI4usMDwBuDx3GCB4Q3A47nBAsMbgMdzgxsw90tgrm1LJnCrgfslMNe2JRO41cD9egz49+vzqvR5"
      "6l/oMeCnAlf7uwLDxQUuDQwPXyGeGwxXFlhgeAPweG6wwPAG4PHcYIHhDcDjucE9YNAzgUGYvSgC91oBPRMYhNmLInCv"
      "FdAzgUGYvSgC91oBPRMYhNmLInCvFdCzJWBQ7jJRBIZTCywwvAF4PDdYYHgD8HhusMDwBuDx3OAJ4MxHBM6sNzG7wBMl"
      "ZT4icGa9idkFnigp8xGBM+tNzC7wREmZjwicWW9idoEnSsp8ZAc4c+4yswsMpxZYYHgD8HhusMDwBuDx3GCB4Q3A47nB"
      "68Cp3hA4Fdf6sAKvd5bqDYFTca0PK/B6Z6neEDgV1/qwAq93luoNgVNxrQ8r8Hpnqd44CJwqd5lhBYZTCywwvAF4PDdY"
      "4Hsa+Pj+uSp97mlxfKsbPO4o9QmBU/ONhxd43NHgROxfCxzbZ3s6gbcrjH2BwLF9tqcTeLvC2BcIHNtnezqBtyuMfYHA"
      "sX22pxN4u8LYF9wHHDt3mekEhlMLLDC8AXg8N1hgeAPweG6wwPAG4PHc4NPAwe4TOBjI6XEEPt1osPsEDgZyehyBTzca"
      "7D6Bg4GcHkfg040Gu0/gYCCnxxH4dKPB7nsbcLDcZcb5BwAA//+bO39KAAAABklEQVQDAJo0ky+2QMNiAAAAAElFTkSu"
      "QmCC");
}

/// A BMP image of 2 x 1 pixels with 24 bits a pixel; `file` names it a Windows 3.x bitmap.
inline std::string small_bmp() {
  return *base::base64_decode(
      "Qk0+AAAAAAAAADYAAAAoAAAAAgAAAAEAAAABABgAAAAAAAgAAAATCwAAEwsAAAAAAAAAAAAAAAD/////AAA=");
}

}  // namespace couponhook::wechatpay
