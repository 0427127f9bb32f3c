"use strict";
// A login that ends while somebody is typing: nothing typed is lost, they log in elsewhere and go on.
(() => {
  let notice = null; // the banner, while the login is over

  // whether somebody is logged in; takes over the new session's token, without which nothing could be sent
  async function alive() {
    const answer = await fetch("/account/token", { headers: { "X-Requested-With": "fetch" } });
    if (answer.redirected || !answer.ok) return false;
    const { token } = await answer.json();
    document.querySelector("meta[name=csrf]").content = token;
    document.querySelectorAll("input[name=csrf_token]").forEach((field) => (field.value = token));
    return true;
  }

  function ended(form) {
    if (notice) return;
    notice = document.createElement("div");
    notice.className = "alert alert-warning";
    notice.setAttribute("role", "alert");
    const link = Object.assign(document.createElement("a"), { href: "/login", target: "_blank", textContent: "在新窗口登录" });
    notice.append("登录已失效，填写的内容仍在本页。请", link, "，再回到这里继续。");
    form.before(notice);
    notice.scrollIntoView({ block: "center" });
  }

  async function look() {
    if (!notice || document.hidden || !(await alive())) return;
    notice.className = "alert alert-success";
    notice.textContent = "已重新登录，可以继续填写和提交。";
    notice = null;
  }
  window.addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);

  document.addEventListener(
    "submit",
    (event) => {
      if (!notice || event.target.method === "dialog") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      notice.scrollIntoView({ block: "center" });
    },
    true,
  );
  Object.assign(window.pilot, { alive, ended });
})();
