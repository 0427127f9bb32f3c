"""How characters are read in names, where the dictionary's first reading is not the one, or where there is one to choose.

Readings are in capitals without tones, ü as YU, the usual one first. The others are those of 现代汉语词典; what only old books read is
left out, so that people choose between what they know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# a surname's character, then its readings
_SURNAMES = """
曾 ZENG;
翟 ZHAI DI; 单 SHAN DAN; 單 SHAN DAN; 解 XIE JIE; 查 ZHA CHA; 仇 QIU CHOU; 区 OU QU; 區 OU QU; 朴 PIAO PU; 任 REN; 盖 GE GAI; 蓋 GE GAI;
缪 MIAO MOU; 繆 MIAO MOU; 覃 QIN TAN; 乐 YUE LE; 樂 YUE LE; 逄 PANG; 逢 FENG PANG; 员 YUN YUAN; 員 YUN YUAN; 贠 YUN; 貟 YUN; 黑 HE HEI;
召 SHAO ZHAO; 折 SHE ZHE; 冼 XIAN; 洗 XIAN XI; 繁 PO FAN; 秘 BI MI; 种 CHONG ZHONG; 尉 WEI YU; 蔚 YU WEI; 宁 NING; 那 NA; 粘 NIAN ZHAN;
藏 ZANG CANG; 都 DU; 六 LU LIU; 薄 BO; 贾 JIA; 賈 JIA; 盛 SHENG; 柏 BAI BO; 牟 MOU MU; 乜 NIE; 强 QIANG JIANG; 強 QIANG JIANG; 车 CHE;
車 CHE; 沈 SHEN; 宿 SU; 殷 YIN; 石 SHI; 卜 BU; 於 YU; 艾 AI; 谌 CHEN SHEN; 諶 CHEN SHEN; 阚 KAN; 闞 KAN; 隗 WEI KUI; 贲 BEN BI; 賁 BEN BI;
褚 CHU; 郗 XI CHI; 宓 MI FU; 佴 NAI ER; 晁 CHAO; 镡 TAN XIN CHAN; 鐔 TAN XIN CHAN; 铫 YAO; 銚 YAO; 幺 YAO; 郄 QIE XI; 郤 XI; 郇 XUN HUAN;
瞿 QU; 臧 ZANG; 莘 SHEN XIN; 祭 ZHAI JI; 占 ZHAN; 干 GAN; 句 GOU JU; 相 XIANG; 谷 GU; 角 JUE JIAO; 咸 XIAN; 庹 TUO; 笪 DA; 逯 LU; 仝 TONG;
冮 GANG; 缑 GOU; 緱 GOU; 番 PAN FAN; 费 FEI BI; 費 FEI BI; 少 SHAO; 恽 YUN; 惲 YUN; 眭 SUI; 炅 GUI JIONG; 汤 TANG; 湯 TANG; 叶 YE;
會 HUI GUI; 会 HUI GUI; 重 CHONG ZHONG; 长 CHANG ZHANG; 長 CHANG ZHANG; 朝 CHAO; 行 XING HANG; 将 JIANG; 令 LING; 万 WAN; 俞 YU; 余 YU;
丁 DING; 陆 LU; 冯 FENG; 卓 ZHUO; 塔 TA; 撒 SA; 扎 ZHA ZA; 祝 ZHU; 亢 KANG; 和 HE; 什 SHI; 侗 TONG DONG; 倪 NI; 党 DANG; 大 DA; 弹 TAN;
洪 HONG; 浅 QIAN; 溥 PU; 燕 YAN; 率 SHUAI LYU; 的 DI DE; 纪 JI; 紀 JI; 适 SHI KUO; 难 NAN; 颉 XIE JIE; 鲜 XIAN; 鲍 BAO; 哈 HA; 呙 GUO;
咼 GUO; 钭 TOU; 鈄 TOU; 峤 QIAO; 祢 MI; 禰 MI; 澹 TAN DAN; 参 SHEN CAN; 校 XIAO; 葛 GE; 过 GUO; 華 HUA; 华 HUA
"""

# compound surnames; the reading stands there where it is not the one of their characters in given names
_COMPOUND = """
万俟 MO QI; 萬俟 MO QI; 尉迟 YU CHI; 尉遲 YU CHI; 长孙 ZHANG SUN; 長孫 ZHANG SUN; 单于 CHAN YU; 單于 CHAN YU; 令狐 LING HU; 澹台 TAN TAI;
澹臺 TAN TAI; 夏侯 XIA HOU; 皇甫 HUANG FU; 欧阳; 歐陽; 司马; 司馬; 司徒; 司空; 司寇; 上官; 诸葛; 諸葛; 东方; 東方; 东郭; 東郭; 独孤; 獨孤;
南宫; 南宮; 闻人; 聞人; 公羊; 公孙; 公孫; 公冶; 公良; 公西; 赫连; 赫連; 宗政; 濮阳; 濮陽; 太叔; 太史; 申屠; 仲孙; 仲孫; 仲长; 钟离; 鍾離;
轩辕; 軒轅; 宇文; 慕容; 鲜于 XIAN YU; 鮮于 XIAN YU; 闾丘; 閭丘; 亓官; 巫马; 巫馬; 颛孙; 顓孫; 端木; 漆雕; 乐正 YUE ZHENG; 樂正 YUE ZHENG;
壤驷; 壤駟; 拓跋 TUO BA; 夹谷 JIA GU; 夾谷 JIA GU; 宰父 ZAI FU; 谷梁 GU LIANG; 穀梁 GU LIANG; 段干; 百里; 呼延; 羊舌; 微生; 左丘; 西门;
西門; 南门; 南門; 第五; 淳于 CHUN YU; 相里 XIANG LI; 耶律; 完颜; 完顏; 纳兰; 納蘭; 贺兰; 賀蘭; 达奚; 達奚; 即墨; 褚师 CHU SHI; 哥舒;
爱新觉罗 AI XIN JUE LUO; 愛新覺羅 AI XIN JUE LUO; 叶赫那拉 YE HE NA LA; 钮祜禄 NIU HU LU; 鈕祜祿 NIU HU LU
"""

# in given names: what may be chosen, and what is usual there
_GIVEN = """
乐 LE YUE; 樂 LE YUE; 长 CHANG ZHANG; 長 CHANG ZHANG; 朝 CHAO ZHAO; 曾 ZENG CENG; 茜 QIAN XI; 重 ZHONG CHONG; 传 CHUAN ZHUAN;
傳 CHUAN ZHUAN; 行 XING HANG HENG; 盛 SHENG CHENG; 晟 SHENG CHENG; 奇 QI JI; 强 QIANG JIANG; 強 QIANG JIANG; 将 JIANG QIANG; 会 HUI KUAI;
和 HE HUO; 省 SHENG XING; 柏 BAI BO; 泊 BO PO; 陆 LU LIU; 藏 CANG ZANG; 澄 CHENG DENG; 系 XI JI; 参 CAN SHEN; 都 DU DOU; 大 DA DAI;
娜 NA NUO; 莎 SHA SUO; 伽 JIA QIE; 尉 WEI YU; 蔚 WEI YU; 说 SHUO YUE; 率 SHUAI LYU; 绿 LYU LU; 隽 JUN JUAN; 沈 SHEN CHEN; 识 SHI ZHI;
调 TIAO DIAO; 宿 SU XIU; 仔 ZAI ZI; 了 LIAO LE; 折 ZHE SHE; 降 JIANG XIANG; 见 JIAN XIAN; 女 NYU RU; 屏 PING BING; 弹 DAN TAN; 度 DU DUO;
得 DE DEI; 恶 E WU; 拓 TUO TA; 择 ZE ZHAI; 数 SHU SHUO; 敦 DUN DUI; 校 XIAO JIAO; 栖 QI XI; 桔 JU JIE; 模 MO MU; 牟 MOU MU; 珩 HENG HANG;
莘 SHEN XIN; 珲 HUI HUN; 筠 YUN JUN; 溱 QIN ZHEN; 蓁 ZHEN; 炅 JIONG GUI; 焘 TAO DAO; 燾 TAO DAO; 玟 WEN MIN; 玢 BIN FEN; 菀 WAN YU;
莞 WAN GUAN; 颉 JIE XIE; 峤 QIAO JIAO; 澹 DAN TAN; 祢 MI NI; 郇 XUN HUAN; 禅 CHAN SHAN; 於 YU WU; 秘 MI BI; 种 ZHONG CHONG; 纶 LUN GUAN;
纤 XIAN QIAN; 给 GEI JI; 缪 MIU MOU MIAO; 薄 BO BAO; 落 LUO LAO; 著 ZHU ZHUO; 藉 JIE JI; 裳 CHANG SHANG; 覃 TAN QIN; 解 JIE XIE;
贾 JIA GU; 还 HUAN HAI; 還 HUAN HAI; 遗 YI WEI; 钥 YUE YAO; 露 LU LOU; 谷 GU YU; 车 CHE JU; 仇 CHOU QIU; 俞 YU SHU; 卜 BU BO;
召 ZHAO SHAO; 单 DAN SHAN CHAN; 單 DAN SHAN CHAN; 区 QU OU; 厦 XIA SHA; 否 FOU PI; 员 YUAN YUN; 塞 SAI SE; 射 SHE YE; 属 SHU ZHU;
扎 ZHA ZA; 提 TI DI; 朴 PU PIAO; 术 SHU ZHU; 浅 QIAN JIAN; 浚 JUN XUN; 涌 YONG CHONG; 的 DI DE; 着 ZHUO ZHE ZHAO; 祭 JI ZHAI;
称 CHENG CHEN; 稽 JI QI; 繁 FAN PO; 翟 ZHAI DI; 脉 MAI MO; 艾 AI YI; 蔓 MAN WAN; 虹 HONG JIANG; 角 JIAO JUE; 辟 PI BI; 阿 A E;
雀 QUE QIAO; 靓 LIANG JING; 佛 FO FU; 似 SI SHI; 便 BIAN PIAN; 吁 XU YU; 堡 BAO BU; 埔 PU BU; 契 QI XIE; 巷 XIANG HANG; 抹 MO MA; 柚 YOU;
杉 SHAN SHA; 枞 CONG ZONG; 殷 YIN YAN; 渑 MIAN SHENG; 盖 GAI GE; 约 YUE YAO; 蕃 FAN BO; 钿 DIAN TIAN; 骠 BIAO PIAO; 鹄 HU GU;
龟 GUI JUN QIU; 查 CHA ZHA; 任 REN; 石 SHI DAN; 什 SHI SHEN; 卡 KA QIA; 圈 QUAN JUAN; 俩 LIA LIANG; 乘 CHENG SHENG; 亲 QIN QING;
劲 JIN JING; 勒 LE LEI; 剥 BO BAO; 囤 TUN DUN; 嚼 JUE JIAO; 差 CHA CHAI CI; 弄 NONG LONG; 扁 BIAN PIAN; 攒 ZAN CUAN; 曝 PU BAO; 暴 BAO PU;
没 MO MEI; 畜 XU CHU; 粘 NIAN ZHAN; 缩 SUO SU; 色 SE SHAI; 血 XUE XIE; 被 BEI PI; 谁 SHUI SHEI; 貉 HE HAO; 轧 YA ZHA; 迫 PO PAI;
颤 CHAN ZHAN; 琢 ZHUO ZUO; 哦 O E; 佚 YI; 俟 SI QI; 儋 DAN; 悝 KUI LI; 沌 DUN ZHUAN; 泷 LONG SHUANG; 瑱 TIAN ZHEN; 芾 FU FEI;
芎 XIONG QIONG; 苕 SHAO TIAO; 荨 QIAN XUN; 菲 FEI; 蓼 LIAO LU; 隗 WEI KUI; 靡 MI; 馗 KUI; 麽 MO ME; 圳 ZHEN; 嵇 JI; 褶 ZHE XI; 褚 CHU ZHU;
铛 DANG CHENG; 铤 TING DING; 镐 HAO GAO; 阏 E YAN; 黾 MIN MIAN; 夭 YAO; 尿 NIAO; 尾 WEI YI; 荠 JI QI; 荥 XING YING; 汤 TANG SHANG;
漯 LUO TA; 济 JI; 爪 ZHAO ZHUA; 椎 ZHUI CHUI; 槛 KAN JIAN; 叨 TAO DAO; 呱 GUA GU; 嘏 GU JIA; 猗 YI; 珞 LUO; 瓠 HU; 禚 ZHUO; 絜 JIE XIE;
迤 YI; 邪 XIE YE; 那 NA; 食 SHI SI; 庵 AN; 昕 XIN
"""


def _table(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in text.split(";"):
        characters, *readings = entry.split()
        yield characters, tuple(readings)


SURNAMES: Mapping[str, tuple[str, ...]] = dict(_table(_SURNAMES))
"""Character → its readings as a surname."""

COMPOUND: Mapping[str, tuple[str, ...]] = dict(_table(_COMPOUND))
"""Compound surname → the reading of each of its characters; empty where that is the one of given names."""

GIVEN: Mapping[str, tuple[str, ...]] = dict(_table(_GIVEN))
"""Character → its readings in given names."""
